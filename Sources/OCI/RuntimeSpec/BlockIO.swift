extension RuntimeSpec {
    /// Block device weights and speed limits (config-linux.md § Block IO).
    package struct BlockIO: JSONCodable, Equatable {
        /// The default weight: 10 to 1000.
        package var weight: UInt16?
        /// The weight of tasks against child cgroups; cgroup v1.
        package var leafWeight: UInt16?
        /// Weights by device.
        package var weightDevice: [WeightDevice]
        /// Bytes read per second.
        package var throttleReadBpsDevice: [ThrottleDevice]
        /// Bytes written per second.
        package var throttleWriteBpsDevice: [ThrottleDevice]
        /// Read operations per second.
        package var throttleReadIOPSDevice: [ThrottleDevice]
        /// Write operations per second.
        package var throttleWriteIOPSDevice: [ThrottleDevice]
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            weight: UInt16? = nil,
            leafWeight: UInt16? = nil,
            weightDevice: [WeightDevice] = [],
            throttleReadBpsDevice: [ThrottleDevice] = [],
            throttleWriteBpsDevice: [ThrottleDevice] = [],
            throttleReadIOPSDevice: [ThrottleDevice] = [],
            throttleWriteIOPSDevice: [ThrottleDevice] = [],
            unknownFields: JSONObject = JSONObject()
        ) {
            self.weight = weight
            self.leafWeight = leafWeight
            self.weightDevice = weightDevice
            self.throttleReadBpsDevice = throttleReadBpsDevice
            self.throttleWriteBpsDevice = throttleWriteBpsDevice
            self.throttleReadIOPSDevice = throttleReadIOPSDevice
            self.throttleWriteIOPSDevice = throttleWriteIOPSDevice
            self.unknownFields = unknownFields
        }

        /// The weight of one device.
        package struct WeightDevice: JSONCodable, Equatable {
            /// The major number.
            package var major: Int64
            /// The minor number.
            package var minor: Int64
            /// The weight.
            package var weight: UInt16?
            /// The leaf weight; cgroup v1.
            package var leafWeight: UInt16?
            /// Members that this version of Kade does not know, kept as they were.
            package var unknownFields: JSONObject

            package init(
                major: Int64,
                minor: Int64,
                weight: UInt16? = nil,
                leafWeight: UInt16? = nil,
                unknownFields: JSONObject = JSONObject()
            ) {
                self.major = major
                self.minor = minor
                self.weight = weight
                self.leafWeight = leafWeight
                self.unknownFields = unknownFields
            }
        }

        /// The speed limit of one device.
        package struct ThrottleDevice: JSONCodable, Equatable {
            /// The major number.
            package var major: Int64
            /// The minor number.
            package var minor: Int64
            /// Bytes or operations per second.
            package var rate: UInt64
            /// Members that this version of Kade does not know, kept as they were.
            package var unknownFields: JSONObject

            package init(
                major: Int64,
                minor: Int64,
                rate: UInt64,
                unknownFields: JSONObject = JSONObject()
            ) {
                self.major = major
                self.minor = minor
                self.rate = rate
                self.unknownFields = unknownFields
            }
        }
    }
}

extension RuntimeSpec.BlockIO.WeightDevice {
    package init(from json: inout JSONReader) throws(JSONError) {
        var major: Int64?
        var minor: Int64?
        var weight: UInt16?
        var leafWeight: UInt16?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "major": major = try json.read()
            case "minor": minor = try json.read()
            case "weight": weight = try json.read()
            case "leafWeight": leafWeight = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            major: try json.required(major, "major"),
            minor: try json.required(minor, "minor"),
            weight: weight,
            leafWeight: leafWeight,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("major", major)
        json.member("minor", minor)
        json.optional("weight", weight)
        json.optional("leafWeight", leafWeight)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.BlockIO.ThrottleDevice {
    package init(from json: inout JSONReader) throws(JSONError) {
        var major: Int64?
        var minor: Int64?
        var rate: UInt64?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "major": major = try json.read()
            case "minor": minor = try json.read()
            case "rate": rate = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            major: try json.required(major, "major"),
            minor: try json.required(minor, "minor"),
            rate: try json.required(rate, "rate"),
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("major", major)
        json.member("minor", minor)
        json.member("rate", rate)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.BlockIO {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "weight": weight = try json.read()
            case "leafWeight": leafWeight = try json.read()
            case "weightDevice": weightDevice = try json.read()
            case "throttleReadBpsDevice": throttleReadBpsDevice = try json.read()
            case "throttleWriteBpsDevice": throttleWriteBpsDevice = try json.read()
            case "throttleReadIOPSDevice": throttleReadIOPSDevice = try json.read()
            case "throttleWriteIOPSDevice": throttleWriteIOPSDevice = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("weight", weight)
        json.optional("leafWeight", leafWeight)
        json.optional("weightDevice", weightDevice)
        json.optional("throttleReadBpsDevice", throttleReadBpsDevice)
        json.optional("throttleWriteBpsDevice", throttleWriteBpsDevice)
        json.optional("throttleReadIOPSDevice", throttleReadIOPSDevice)
        json.optional("throttleWriteIOPSDevice", throttleWriteIOPSDevice)
        json.members(unknownFields)
        json.endObject()
    }
}
