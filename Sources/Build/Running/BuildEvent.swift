import Diagnostics
package import Engine

/// How a build goes on.
package enum BuildEvent: Sendable {
    /// An instruction begins.
    case began(StepName)
    /// What its program wrote.
    case output(StepName, [UInt8])
    /// A base image arrives.
    case transfer(StepName, TransferEvent)
    /// An instruction is done.
    case ended(StepName, StepEnding)
    /// Something that is no error.
    case warned(String)
}

/// An instruction of a build as its display names it.
package struct StepName: Sendable, Hashable {
    /// In the order in which they begin, from 1.
    package var number: Int
    /// `[build 2/5] RUN make`.
    package var text: String
}

/// How an instruction ended.
package enum StepEnding: Sendable, Equatable {
    /// The cache had its result; why is for `--why`.
    case cached(why: String)
    case done(why: String)
    case failed
}
