import NIOPosix

/// Runs work that may wait for the disk on a thread of its own kind, away from the tasks' threads.
package func blocking<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await NIOThreadPool.singleton.runIfActive(body)
}
