/// Names of variables that speak of secrets: `DATABASE_PASSWORD`, `apikey`, `GITHUB_TOKEN`.
enum SecretWords {
    private static let secret: Set<String> = [
        "apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd",
        "secret", "token",
    ]

    /// With one of these words a name speaks of something else: `PUBLIC_KEY`, `PASSWORD_FILE`.
    private static let harmless: Set<String> = ["public", "file", "version"]

    static func areIn(_ name: String) -> Bool {
        let words = Set(name.lowercased().split(separator: "_").map(String.init))
        return !words.isDisjoint(with: secret) && words.isDisjoint(with: harmless)
    }
}
