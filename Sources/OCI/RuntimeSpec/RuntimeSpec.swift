/// A container's configuration: the contents of a bundle's `config.json`.
///
/// runtime-spec 1.3, config.md. Members have the specification's names; a string that the
/// specification lets be empty is nil when it is, and lists and maps are empty when they are absent.
/// Sections for other operating systems stay in ``unknownFields``.
package struct RuntimeSpec: JSONCodable, Equatable {
    /// The version of the specification that the configuration follows: "1.3.0".
    package var ociVersion: String
    /// The container's program; needed to start, not to create.
    package var process: Process?
    /// The container's root file system.
    package var root: Root?
    /// The name that uname(2) reports inside.
    package var hostname: String?
    /// The NIS domain name inside.
    package var domainname: String?
    /// File systems to mount below the root, in this order.
    package var mounts: [Mount]
    /// Programs to run at points of the container's life.
    @Apart package var hooks: Hooks?
    /// Free metadata, reported by the `state` command.
    package var annotations: [String: String]
    /// What only Linux has.
    package var linux: Linux?
    /// The virtual machine to run the container in.
    @Apart package var vm: VM?
    /// Members that this version of Kade does not know, kept as they were.
    package var unknownFields: JSONObject

    package init(
        ociVersion: String,
        process: Process? = nil,
        root: Root? = nil,
        hostname: String? = nil,
        domainname: String? = nil,
        mounts: [Mount] = [],
        hooks: Hooks? = nil,
        annotations: [String: String] = [:],
        linux: Linux? = nil,
        vm: VM? = nil,
        unknownFields: JSONObject = JSONObject()
    ) {
        self.ociVersion = ociVersion
        self.process = process
        self.root = root
        self.hostname = hostname
        self.domainname = domainname
        self.mounts = mounts
        self.hooks = hooks
        self.annotations = annotations
        self.linux = linux
        self.vm = vm
        self.unknownFields = unknownFields
    }
}

extension RuntimeSpec {
    package init(from json: inout JSONReader) throws(JSONError) {
        var ociVersion: String?
        var process: Process?
        var root: Root?
        var hostname: String?
        var domainname: String?
        var mounts: [Mount] = []
        var hooks: Hooks?
        var annotations: [String: String] = [:]
        var linux: Linux?
        var vm: VM?
        var unknownFields = JSONObject()
        json.refusesZeroBytes = true
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "ociVersion": ociVersion = try json.read()
            case "process": process = try json.read()
            case "root": root = try json.read()
            case "hostname": hostname = try json.read()
            case "domainname": domainname = try json.read()
            case "mounts": mounts = try json.read()
            case "hooks": hooks = try json.read()
            case "annotations":
                json.refusesZeroBytes = false  // they are only told
                annotations = try json.read()
                json.refusesZeroBytes = true
            case "linux": linux = try json.read()
            case "vm": vm = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            ociVersion: try json.required(ociVersion, "ociVersion"),
            process: process,
            root: root,
            hostname: hostname,
            domainname: domainname,
            mounts: mounts,
            hooks: hooks,
            annotations: annotations,
            linux: linux,
            vm: vm,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("ociVersion", ociVersion)
        json.optional("process", process)
        json.optional("root", root)
        json.optional("hostname", hostname)
        json.optional("domainname", domainname)
        json.optional("mounts", mounts)
        json.optional("hooks", hooks)
        json.optional("annotations", annotations)
        json.optional("linux", linux)
        json.optional("vm", vm)
        json.members(unknownFields)
        json.endObject()
    }
}
