import NIOCore
import NIOHTTP1

/// The body of the request that a connection is at, portion by portion.
///
/// One task reads it, which is the connection's.
final class RequestBody {
    private var parts: NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
    /// Whether the present request's body was read to its end.
    private(set) var isAtEnd = true
    /// Sends `100 Continue` before the first portion, where the client waits for that.
    private var invite: (() async throws -> Void)?

    init(_ parts: NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator) {
        self.parts = parts
    }

    /// The head of the next request; nil when the client has gone.
    func nextHead() async throws -> HTTPRequestHead? {
        while let part = try await parts.next() {
            if case .head(let head) = part {
                isAtEnd = false
                return head
            }
        }
        return nil
    }

    /// Says what to do before the first portion is read.
    func beforeReading(_ invite: (() async throws -> Void)?) { self.invite = invite }

    /// The next portion; nil at the end.
    ///
    /// - Throws: that the connection broke off.
    func next() async throws -> ByteBuffer? {
        guard !isAtEnd else { return nil }
        if let invite {
            self.invite = nil
            try await invite()
        }
        switch try await parts.next() {
        case .body(let portion): return portion
        case .end:
            isAtEnd = true
            return nil
        case .head, nil: throw BrokenConnection()
        }
    }

    /// Reads a body that fits in memory.
    ///
    /// - Returns: nil when it is longer than the limit.
    func collect(upToBytes limit: Int) async throws -> [UInt8]? {
        var bytes: [UInt8] = []
        while let portion = try await next() {
            guard bytes.count + portion.readableBytes <= limit else { return nil }
            bytes += portion.readableBytesView
        }
        return bytes
    }

    /// Passes over the rest of the body, up to a limit.
    ///
    /// - Returns: whether the next request can follow.
    func drain(upToBytes limit: Int) async throws -> Bool {
        // A client that waits for the invitation sends nothing without it.
        guard invite == nil || isAtEnd else { return false }
        var count = 0
        while let portion = try await next() {
            count += portion.readableBytes
            guard count <= limit else { return false }
        }
        return true
    }

    /// The client went away in the middle of a body.
    struct BrokenConnection: Error {}
}
