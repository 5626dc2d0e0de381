/// Annotations that the runtime acts on: they change what a container is.
package enum ActingAnnotation {
    /// What reaches further than the container's own limits; a name that ends with a dot is the
    /// beginning of names (runtime-spec, features.md § Unsafe annotations).
    package static let unsafe = ["org.criu.config", "org.systemd.property."]

    /// Whether the runtime acts on an annotation of this name.
    ///
    /// All names of crun's (`run.oci.…`) count, of which this runtime reads some.
    package static func contains(_ name: String) -> Bool {
        let known = unsafe + [LandlockPlan.annotation, "run.oci."]
        return known.contains { $0.hasSuffix(".") ? name.hasPrefix($0) : name == $0 }
    }
}
