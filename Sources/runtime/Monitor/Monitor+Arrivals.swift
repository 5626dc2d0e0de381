import ContainerRuntime
import Diagnostics
import Linux

/// Layers that have not arrived when their container starts.
extension Monitor {
    /// Ends the container when layers of it will never be whole.
    func watch(_ arrivals: ArrivalHolds) throws(Problem) {
        self.arrivals = arrivals
        for number in arrivals.ends {
            try sources.want(
                .readable, of: number, MonitorSources.Token.firstArrival + UInt64(number))
        }
    }

    /// Takes note of layers that are whole now, or will never be.
    func answerArrival(_ token: UInt64) throws(Problem) {
        let number = CInt(token - MonitorSources.Token.firstArrival)
        try sources.want([], of: number, token)
        switch try arrivals?.end(of: number) {
        case nil, .complete?: return
        case .failed(let problem)?:
            arrivalFault = problem
            try stop(.kill, timeoutInMilliseconds: -1, because: .layers, of: nil)
        }
    }
}
