/// The versions that this program tells.
enum RuntimeVersion {
    /// Its own.
    static let own = "0.1.0"
    /// That of the runtime specification that it implements.
    static let spec = "1.3.0"
}
