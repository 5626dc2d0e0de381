/// What the engine says about itself and the machine.
package struct SystemService: Sendable {
    let context: EngineContext

    init(context: EngineContext) {
        self.context = context
    }
}
