import Diagnostics
import OCI
import Registry
import SystemPackage

/// `kade-server search`: looks for repositories and reports each in a JSON line.
struct SearchCommand {
    private var limit = 25
    private var authFile: FilePath?
    private var term = ""

    /// Reads the arguments after "search".
    init(parsing arguments: [String]) throws(Problem) {
        var reading = FlagReading(arguments, of: "search")
        while let argument = reading.next() {
            switch argument {
            case .flag("--limit"):
                guard let limit = Int(try reading.value(of: "--limit")) else {
                    throw reading.mistake("--limit is no number")
                }
                self.limit = limit
            case .flag("--authfile"): authFile = FilePath(try reading.value(of: "--authfile"))
            case .flag(let flag): throw reading.mistake("it does not know the flag \(flag)")
            case .name(let name): term = name
            }
        }
        guard !term.isEmpty else { throw reading.mistake("it needs a word to look for") }
    }

    func run() -> Never {
        NetworkCommand.run { [self] output throws(Problem) in
            let settings = try RegistrySettings(
                verifiesTLS: true, authFile: authFile, environment: NetworkCommand.environment)
            for result in try await RegistrySearch(term, limit: limit, settings: settings).run() {
                output.write([
                    "event": "result", "name": .string(result.name),
                    "description": .string(result.description),
                    "stars": .number(JSONNumber(result.stars)),
                    "official": .bool(result.isOfficial),
                ])
            }
        }
    }
}
