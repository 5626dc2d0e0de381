import Diagnostics
import Testing

@testable import Engine

@Suite struct UserLookupTests {
    private let users = UserLookup(
        passwd: "root:x:0:0:root:/root:/bin/sh\napp:x:1000:100:App:/home/app:/bin/sh\nbroken\n",
        group: "root:x:0:\nusers:x:100:\nextra:x:20:app,other\n")

    private static let root = ContainerUser(
        uid: 0, gid: 0, additionalGroups: [0], home: "/root")
    private static let app = ContainerUser(
        uid: 1000, gid: 100, additionalGroups: [100, 20], home: "/home/app")
    private static let stranger = ContainerUser(
        uid: 4711, gid: 0, additionalGroups: [0], home: "/")

    @Test(arguments: [
        "": root, "root": root, "0": root, "app": app, "1000": app, "4711": stranger,
        "app:extra": ContainerUser(
            uid: 1000, gid: 20, additionalGroups: [20], home: "/home/app"),
        "4711:4712": ContainerUser(
            uid: 4711, gid: 4712, additionalGroups: [4712], home: "/"),
    ])
    func `users and groups are names or numbers`(text: String, user: ContainerUser) throws {
        #expect(try users.user(text, additionalGroups: []) == user)
    }

    /// image-spec, conversion.md § Config.User: a number is copied verbatim.
    @Test func `a name of digits is no number's owner`() throws {
        let users = UserLookup(
            passwd: "1000:x:0:0:sly:/root:/bin/sh\n", group: "20:x:0:\n")
        let user = try users.user("1000:20", additionalGroups: [])
        #expect(user == ContainerUser(uid: 1000, gid: 20, additionalGroups: [20], home: "/"))
    }

    @Test func `additional groups are added once`() throws {
        let user = try users.user("app", additionalGroups: ["users", "4"])
        #expect(user.additionalGroups == [100, 20, 4])
    }

    @Test(arguments: [
        ("nosuch", "unable to find user nosuch: no matching entries in passwd file"),
        ("app:nosuch", "unable to find group nosuch: no matching entries in group file"),
    ])
    func `unknown names have Docker's texts`(text: String, message: String) {
        let problem = #expect(throws: Problem.self) {
            try users.user(text, additionalGroups: [])
        }
        #expect(problem.map { "\($0)" } == message)
    }
}
