/// What the services of one engine share.
final class EngineContext: Sendable {
    let configuration: EngineConfiguration

    init(configuration: EngineConfiguration) {
        self.configuration = configuration
    }
}
