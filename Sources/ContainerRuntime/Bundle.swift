package import Diagnostics
import Linux
package import OCI
package import SystemPackage

/// A container on disk: a directory with `config.json` (runtime-spec, bundle.md).
///
/// A class, because it never changes and a specification is 1 KB of values: every function that
/// passes a bundle on would copy them.
package final class Bundle: Sendable {
    /// The directory's absolute path.
    package let path: FilePath
    /// The parsed configuration.
    package let spec: RuntimeSpec
    /// The bytes of `config.json`, to be kept as they were.
    package let configuration: [UInt8]

    package init(path: FilePath, spec: RuntimeSpec, configuration: [UInt8]) {
        self.path = path
        self.spec = spec
        self.configuration = configuration
    }

    /// Reads and checks a bundle.
    package static func load(_ path: FilePath) throws(Problem) -> Bundle {
        let absolute = try explaining("cannot find the working directory") {
            () throws(SystemCallError) in
            path.isAbsolute ? path : try WorkingDirectory.path().pushing(path).withoutDots
        }
        let file = absolute.appending("config.json")
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try File.read(file)
        } catch  where error.errno == .noSuchFileOrDirectory {
            throw Problem(
                kind: .notFound, what: "JSON specification file config.json not found",
                why: "there is no \(file): no such file or directory",
                fix: "make one with kade-runtime spec, or name another bundle with --bundle")
        } catch {
            throw Problem(what: "cannot read \(file)", refusal: error)
        }
        let spec = try RuntimeSpec(json: bytes, named: file.string)
        try SpecValidation.check(spec)
        return Bundle(path: absolute, spec: spec, configuration: bytes)
    }

    /// The absolute path of the root file system: `root.path` is relative to the bundle.
    package var rootfs: FilePath { Self.rootfs(of: spec, in: path) }

    /// The absolute path of a spec's root file system in a bundle.
    static func rootfs(of spec: RuntimeSpec, in bundle: FilePath) -> FilePath {
        bundle.pushing(FilePath(spec.root?.path ?? "rootfs")).withoutDots
    }
}
