import Diagnostics
import Engine
package import OCI

/// A stage that was built: what its image would be.
package struct StageResult: Sendable {
    package var state: StageState
    package var layers: [BuiltLayer]
    package var history: [ImageConfiguration.History]
    package var platform: StagePlatform
    /// The latest time in it, in seconds since 1970.
    package var epochInSeconds: Int64

    /// Whether the layers are those that there will be; false after a step that was only planned.
    var isForeseen = true
    /// How many of the layers, the lowest ones, are the base image's.
    var inheritedLayers: Int
    /// How many entries of the history are the base image's.
    var inheritedHistory: Int

    package var diffIDs: [Digest] { layers.map(\.diffID) }

    /// The time of the image as it writes it.
    var created: String {
        Timestamp(nanosecondsSinceEpoch: epochInSeconds * 1_000_000_000).rfc3339
    }
}

/// What a stage's image runs on, as its base image says it.
package struct StagePlatform: Sendable, Equatable {
    package var os: String
    package var architecture: String
    package var variant: String?
    package var osVersion: String?
    package var osFeatures: [String]

    init(_ platform: Platform) {
        os = platform.os
        architecture = platform.architecture
        variant = platform.variant
        osVersion = platform.osVersion
        osFeatures = platform.osFeatures
    }

    init(_ configuration: ImageConfiguration) {
        os = configuration.os
        architecture = configuration.architecture
        variant = configuration.variant
        osVersion = configuration.osVersion
        osFeatures = configuration.osFeatures
    }
}

/// A layer of a build: the base image's, or one that an instruction made.
package struct BuiltLayer: Sendable, Equatable {
    package var descriptor: Descriptor
    package var diffID: Digest

    package init(descriptor: Descriptor, diffID: Digest) {
        self.descriptor = descriptor
        self.diffID = diffID
    }
}
