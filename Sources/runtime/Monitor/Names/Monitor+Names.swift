import Diagnostics
import Linux
import Networking

/// The container's name server, among all else that the monitor waits for.
extension Monitor {
    private typealias Token = MonitorSources.Token

    /// Waits for a question, unless a process of its own takes them.
    func watchNames() throws(Problem) {
        guard let sockets = network?.names?.sockets, !isAnsweringNames else { return }
        try sources.want(.readable, of: sockets.datagrams.rawValue, Token.nameDatagrams)
        try sources.want(.readable, of: sockets.connections.rawValue, Token.nameConnections)
    }

    /// Leaves questions to a process of its own, or takes note of its end.
    func answerNames(_ token: UInt64) throws(Problem) {
        guard let names = network?.names else { return }
        guard token != Token.nameProcess else {
            sources.forget(token)
            isAnsweringNames = false
            try names.finish()
            return try watchNames()
        }
        guard !isAnsweringNames, let process = names.start() else { return }
        isAnsweringNames = true
        try sources.want([], of: names.sockets.datagrams.rawValue, Token.nameDatagrams)
        try sources.want([], of: names.sockets.connections.rawValue, Token.nameConnections)
        try sources.want(.readable, of: process, Token.nameProcess)
    }
}
