import Diagnostics
import Testing

@testable import Engine

@Suite struct UserFilesTests {
    private let image = UserFiles(
        passwd: "root:x:0:0:root:/root:/bin/sh\napp:x:7:7::/app:/bin/sh", group: "root:x:0:\n")
    private let host = UserFiles(
        passwd: "ann:x:1000:1001:Ann:/home/ann:/bin/bash\napp:x:9:9::/:/bin/sh\n",
        group: "staff:x:1001:bob\n")

    private func user(_ uid: UInt32, _ gid: UInt32) -> ContainerUser {
        ContainerUser(uid: uid, gid: gid, additionalGroups: [], home: "/")
    }

    @Test func `the program's user gets entries, unless there are some`() {
        var files = image
        files.add(user(7, 0), UserFilesRequest(), directory: "/")
        #expect(files == image)
        files.add(user(12, 34), UserFilesRequest(), directory: "/srv")
        #expect(
            files.passwd == image.passwd + "\n12:*:12:34:container user:/srv:/bin/sh\n")
        #expect(files.group == "root:x:0:\n34:x:34:12\n")
    }

    @Test func `entries may be one's own, with values in them`() {
        var request = UserFilesRequest()
        request.passwdEntry = "me:x:$UID:${GID}:$NAME:$HOME/$USERNAME:/bin/ash"
        request.groupEntry = "us:x:$GID:$USERLIST"
        var files = UserFiles(passwd: "", group: "")
        files.add(user(5, 6), request, directory: "/h")
        #expect(files.passwd == "me:x:5:6:container user:/h/5:/bin/ash\n")
        #expect(files.group == "us:x:6:5\n")
    }

    @Test func `users of the host come by name or number, with their group`() throws {
        var files = image
        try files.add(["1000", "ann", "app"], from: host)
        #expect(files.passwd == image.passwd + "\nann:x:1000:1001:Ann:/home/ann:/bin/bash\n")
        #expect(files.group == "root:x:0:\nstaff:x:1001:bob\n")
        #expect(throws: Problem.self) { try files.add(["nobody"], from: host) }
    }
}
