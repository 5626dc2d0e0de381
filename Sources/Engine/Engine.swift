/// The product: containers and images of one data root, for whichever door asks.
///
/// Every call blocks until its work is done. Opening an engine costs nothing: the database opens
/// with the first call that needs it.
package struct Engine: Sendable {
    /// Containers, from creation to removal.
    package let containers: ContainerService
    /// Networks, and who is on them.
    package let networks: NetworkService
    /// Images and the store that they live in.
    package let images: ImageService
    /// Volumes, from creation to removal.
    package let volumes: VolumeService
    /// Secrets, which containers get in memory.
    package let secrets: SecretService
    /// Registries: logging in and out.
    package let registries: RegistryService
    /// Lists of images for several platforms.
    package let manifests: ManifestService
    /// What a build asks: files that an instruction changes, and programs that run on them.
    package let steps: StepService
    /// What the engine says about itself and the machine.
    package let system: SystemService

    /// Makes an engine over the directories and programs that the caller names.
    package init(configuration: EngineConfiguration) {
        let context = EngineContext(configuration: configuration)
        images = ImageService(context: context)
        containers = ContainerService(context: context)
        networks = NetworkService(context: context)
        manifests = ManifestService(context: context)
        volumes = VolumeService(context: context)
        secrets = SecretService(context: context)
        registries = RegistryService(context: context)
        steps = StepService(context: context)
        system = SystemService(context: context)
    }
}
