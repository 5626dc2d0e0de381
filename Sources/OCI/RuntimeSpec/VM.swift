extension RuntimeSpec {
    /// The virtual machine to run the container in (config-vm.md).
    package struct VM: JSONCodable, Equatable {
        /// The program that runs the machine.
        package var hypervisor: Hypervisor?
        /// The guest's kernel.
        package var kernel: Kernel
        /// The guest's root image.
        package var image: Image?
        /// The machine's hardware.
        package var hwConfig: HardwareConfiguration?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            hypervisor: Hypervisor? = nil,
            kernel: Kernel,
            image: Image? = nil,
            hwConfig: HardwareConfiguration? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.hypervisor = hypervisor
            self.kernel = kernel
            self.image = image
            self.hwConfig = hwConfig
            self.unknownFields = unknownFields
        }

        /// The program that runs the machine.
        package struct Hypervisor: JSONCodable, Equatable {
            /// Its absolute path.
            package var path: String
            /// Its arguments.
            package var parameters: [String]
            /// Members that this version of Kade does not know, kept as they were.
            package var unknownFields: JSONObject

            package init(
                path: String,
                parameters: [String] = [],
                unknownFields: JSONObject = JSONObject()
            ) {
                self.path = path
                self.parameters = parameters
                self.unknownFields = unknownFields
            }
        }

        /// The guest's kernel.
        package struct Kernel: JSONCodable, Equatable {
            /// Its absolute path.
            package var path: String
            /// Its command line.
            package var parameters: [String]
            /// The initial RAM disk.
            package var initrd: String?
            /// Members that this version of Kade does not know, kept as they were.
            package var unknownFields: JSONObject

            package init(
                path: String,
                parameters: [String] = [],
                initrd: String? = nil,
                unknownFields: JSONObject = JSONObject()
            ) {
                self.path = path
                self.parameters = parameters
                self.initrd = initrd
                self.unknownFields = unknownFields
            }
        }

        /// The guest's root image.
        package struct Image: JSONCodable, Equatable {
            /// Its absolute path.
            package var path: String
            /// Its format: "raw", "qcow2".
            package var format: String
            /// Members that this version of Kade does not know, kept as they were.
            package var unknownFields: JSONObject

            package init(
                path: String,
                format: String,
                unknownFields: JSONObject = JSONObject()
            ) {
                self.path = path
                self.format = format
                self.unknownFields = unknownFields
            }
        }

        /// The machine's hardware.
        package struct HardwareConfiguration: JSONCodable, Equatable {
            /// The path of a device tree blob.
            package var deviceTree: String?
            /// How many processors.
            package var vcpus: UInt32?
            /// Memory in bytes.
            package var memory: UInt64?
            /// Devices to pass through.
            package var dtdevs: [String]
            /// Memory ranges to pass through.
            package var iomems: [IOMemory]
            /// Interrupts to pass through.
            package var irqs: [UInt32]
            /// Members that this version of Kade does not know, kept as they were.
            package var unknownFields: JSONObject

            package init(
                deviceTree: String? = nil,
                vcpus: UInt32? = nil,
                memory: UInt64? = nil,
                dtdevs: [String] = [],
                iomems: [IOMemory] = [],
                irqs: [UInt32] = [],
                unknownFields: JSONObject = JSONObject()
            ) {
                self.deviceTree = deviceTree
                self.vcpus = vcpus
                self.memory = memory
                self.dtdevs = dtdevs
                self.iomems = iomems
                self.irqs = irqs
                self.unknownFields = unknownFields
            }
        }

        /// A range of memory that the guest may use.
        package struct IOMemory: JSONCodable, Equatable {
            /// The first guest frame.
            package var firstGFN: UInt64?
            /// The first machine frame.
            package var firstMFN: UInt64
            /// How many frames.
            package var nrMFNs: UInt64
            /// Members that this version of Kade does not know, kept as they were.
            package var unknownFields: JSONObject

            package init(
                firstGFN: UInt64? = nil,
                firstMFN: UInt64,
                nrMFNs: UInt64,
                unknownFields: JSONObject = JSONObject()
            ) {
                self.firstGFN = firstGFN
                self.firstMFN = firstMFN
                self.nrMFNs = nrMFNs
                self.unknownFields = unknownFields
            }
        }
    }
}

extension RuntimeSpec.VM.Hypervisor {
    package init(from json: inout JSONReader) throws(JSONError) {
        var path: String?
        var parameters: [String] = []
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "path": path = try json.read()
            case "parameters": parameters = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            path: try json.required(path, "path"),
            parameters: parameters,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("path", path)
        json.optional("parameters", parameters)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.VM.Kernel {
    package init(from json: inout JSONReader) throws(JSONError) {
        var path: String?
        var parameters: [String] = []
        var initrd: String?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "path": path = try json.read()
            case "parameters": parameters = try json.read()
            case "initrd": initrd = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            path: try json.required(path, "path"),
            parameters: parameters,
            initrd: initrd,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("path", path)
        json.optional("parameters", parameters)
        json.optional("initrd", initrd)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.VM.Image {
    package init(from json: inout JSONReader) throws(JSONError) {
        var path: String?
        var format: String?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "path": path = try json.read()
            case "format": format = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            path: try json.required(path, "path"),
            format: try json.required(format, "format"),
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("path", path)
        json.member("format", format)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.VM.HardwareConfiguration {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "deviceTree": deviceTree = try json.read()
            case "vcpus": vcpus = try json.read()
            case "memory": memory = try json.read()
            case "dtdevs": dtdevs = try json.read()
            case "iomems": iomems = try json.read()
            case "irqs": irqs = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("deviceTree", deviceTree)
        json.optional("vcpus", vcpus)
        json.optional("memory", memory)
        json.optional("dtdevs", dtdevs)
        json.optional("iomems", iomems)
        json.optional("irqs", irqs)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.VM.IOMemory {
    package init(from json: inout JSONReader) throws(JSONError) {
        var firstMFN: UInt64?
        var nrMFNs: UInt64?
        var firstGFN: UInt64?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "firstGFN": firstGFN = try json.read()
            case "firstMFN": firstMFN = try json.read()
            case "nrMFNs": nrMFNs = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            firstGFN: firstGFN,
            firstMFN: try json.required(firstMFN, "firstMFN"),
            nrMFNs: try json.required(nrMFNs, "nrMFNs"),
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("firstGFN", firstGFN)
        json.member("firstMFN", firstMFN)
        json.member("nrMFNs", nrMFNs)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.VM {
    package init(from json: inout JSONReader) throws(JSONError) {
        var kernel: Kernel?
        var hypervisor: Hypervisor?
        var image: Image?
        var hwConfig: HardwareConfiguration?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "hypervisor": hypervisor = try json.read()
            case "kernel": kernel = try json.read()
            case "image": image = try json.read()
            case "hwConfig", "hwconfig": hwConfig = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            hypervisor: hypervisor,
            kernel: try json.required(kernel, "kernel"),
            image: image,
            hwConfig: hwConfig,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("hypervisor", hypervisor)
        json.member("kernel", kernel)
        json.optional("image", image)
        json.optional("hwConfig", hwConfig)
        json.members(unknownFields)
        json.endObject()
    }
}
