/// The runtimes that the tests of Docker, containerd and Podman run with.
///
/// runc proves that a test asks for nothing that is Kade's alone.
enum ServiceRuntimes {
    static let all = [BuiltProgram.path("kade-runtime"), "/usr/sbin/runc"]
}
