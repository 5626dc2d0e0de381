import Testing

extension Trait where Self == ConditionTrait {
    /// Not in the run as an ordinary user.
    ///
    /// - Parameter reason: what an ordinary user cannot do, and where that is tested instead.
    /// - Returns: the trait.
    static func rootOnly(_ reason: String) -> Self {
        .disabled(if: Kade.isOrdinary, Comment(rawValue: reason))
    }

    /// Not in the run as an ordinary user, who is given no cgroups of version 1.
    static var cgroupsOfRoot: Self {
        .rootOnly("cgroups of version 1 belong to root; Tests/Guest/tests.d/35-rootless")
    }
}
