package import Diagnostics
package import OCI
import Storage
import SystemPackage

extension ImageService {
    /// An image in the shape of `docker image inspect`.
    ///
    /// - Parameters:
    ///   - name: the image.
    ///   - platform: which of its platforms; nil takes this machine's or else whatever is there.
    /// - Returns: the image as JSON.
    /// - Throws: `.notFound` for an image, or a platform of it, that is not here.
    package func inspect(_ name: String, platform: String?) throws(Problem) -> JSONValue {
        let store = try context.imageStore()
        let image = try store.image(
            named: name,
            platform: try platform.map { text throws(Problem) in try Platform(parsing: text) })
        var tags: [String] = []
        var digests: [String] = []
        for entry in try store.content.references.list()
        where entry.descriptor.digest == image.root.digest {
            // A name that another tool wrote and that is no reference is shown as it is.
            guard let text = entry.name else { continue }
            guard let reference = try? ImageReference(parsing: text) else {
                tags.append(text)
                continue
            }
            if reference.tag != nil { tags.append(reference.with(tagOnly: true).familiar) }
            digests.append("\(reference.familiarName)@\(image.root.digest)")
        }
        let configuration = image.configuration
        var json: JSONObject = [
            "Id": .string("\(image.id)"), "RepoTags": .strings(tags),
            "RepoDigests": .strings(Array(Set(digests)).sorted()), "Parent": "",
            "Comment": .string(configuration.history.last?.comment ?? ""),
        ]
        json["Created"] = configuration.created.map { .string($0) }
        json["Author"] = .string(configuration.author ?? "")
        json["Config"] = (configuration.config ?? .init()).dockerJSON
        json["Architecture"] = .string(configuration.architecture)
        if let variant = configuration.variant { json["Variant"] = .string(variant) }
        json["Os"] = .string(configuration.os)
        json["Size"] = .integer(try store.sizeInBytes(of: image))
        json["GraphDriver"] = try graphDriver(of: image, in: store)
        json["RootFS"] = [
            "Type": "layers",
            "Layers": .strings(configuration.rootfs.diffIDs.map(\.description)),
        ]
        json["Metadata"] = ["LastTagTime": .string(Timestamp.zeroText)]
        json["Descriptor"] = [
            "mediaType": .string(image.root.mediaType.rawValue),
            "digest": .string("\(image.root.digest)"), "size": .integer(image.root.size),
        ]
        return .object(json)
    }

    private func graphDriver(
        of image: ImageStore.Image, in store: ImageStore
    ) throws(Problem) -> JSONValue {
        guard try context.newStorageDriver() == .overlay else {
            return ["Name": "vfs", "Data": [:]]
        }
        let paths = image.configuration.rootfs.diffIDs.reversed().map {
            store.layers.path(of: $0).string
        }
        var data: JSONObject = [:]
        if let top = paths.first { data["UpperDir"] = .string(top) }
        if paths.count > 1 {
            data["LowerDir"] = .string(paths.dropFirst().joined(separator: ":"))
        }
        return ["Name": "overlay2", "Data": .object(data)]
    }
}

extension ImageReference {
    /// The reference without its digest.
    fileprivate func with(tagOnly: Bool) -> ImageReference {
        tag.map { with(tag: $0) } ?? self
    }
}

extension ImageConfiguration.Defaults {
    /// Docker's `Config`, with the members that a client expects even where the image has none.
    fileprivate var dockerJSON: JSONValue {
        var json: JSONObject = [
            "Hostname": "", "Domainname": "", "User": .string(user ?? ""), "AttachStdin": false,
            "AttachStdout": false, "AttachStderr": false,
        ]
        if !exposedPorts.isEmpty { json["ExposedPorts"] = .set(exposedPorts.names) }
        json["Tty"] = false
        json["OpenStdin"] = false
        json["StdinOnce"] = false
        json["Env"] = .strings(env)
        json["Cmd"] = cmd.isEmpty ? .null : .strings(cmd)
        if let healthcheck { json["Healthcheck"] = healthcheck.dockerJSON }
        json["Image"] = ""
        json["Volumes"] = volumes.isEmpty ? .null : .set(volumes.names)
        json["WorkingDir"] = .string(workingDir ?? "")
        json["Entrypoint"] = entrypoint.isEmpty ? .null : .strings(entrypoint)
        json["OnBuild"] = onBuild.isEmpty ? .null : .strings(onBuild)
        json["Labels"] = labels.isEmpty ? .null : .map(labels)
        if let stopSignal { json["StopSignal"] = .string(stopSignal) }
        if let stopTimeout { json["StopTimeout"] = .number(JSONNumber(stopTimeout)) }
        if !shell.isEmpty { json["Shell"] = .strings(shell) }
        return .object(json)
    }
}

extension ImageConfiguration.Healthcheck {
    /// Docker's `Healthcheck`: what is usual is left out.
    fileprivate var dockerJSON: JSONValue {
        var json: JSONObject = ["Test": .strings(test)]
        let times = [
            ("Interval", interval), ("Timeout", timeout), ("StartPeriod", startPeriod),
            ("StartInterval", startInterval),
        ]
        for case (let name, let time?) in times { json[name] = .number(JSONNumber(time)) }
        if let retries { json["Retries"] = .number(JSONNumber(retries)) }
        return .object(json)
    }
}
