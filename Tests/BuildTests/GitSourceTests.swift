import Testing

@testable import Build

/// How repositories are named.
@Suite struct GitSourceTests {
    @Test(
        arguments: [
            ("git://h/r", "git://h/r", nil, nil),
            ("ssh://git@h/r.git#v1", "ssh://git@h/r.git", "v1", nil),
            ("git@h:a/r.git#main:d/e", "git@h:a/r.git", "main", "d/e"),
            ("https://h/r.git#:d", "https://h/r.git", nil, "d"),
            ("github.com/a/r", "https://github.com/a/r", nil, nil),
            ("https://h/r.tar.gz", nil, nil, nil),
            ("./git@h:x", nil, nil, nil), ("dir/git@h:x", nil, nil, nil),
            ("/some/dir.git", nil, nil, nil),
            ("@h:x", nil, nil, nil),
        ] as [(String, String?, String?, String?)])
    func `an address, a reference and a directory`(
        text: String, address: String?, reference: String?, directory: String?
    ) {
        let source = GitSource(text)
        #expect(source?.address == address)
        #expect(source?.reference == reference)
        #expect(source?.directory == directory)
    }
}
