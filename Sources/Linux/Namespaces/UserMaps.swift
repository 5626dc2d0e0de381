/// The two maps of a user namespace (`user_namespaces(7)`).
package struct UserMaps: Sendable, Equatable {
    package var users: IDMap
    package var groups: IDMap

    package init(users: IDMap, groups: IDMap) {
        self.users = users
        self.groups = groups
    }

    /// Who the namespace's root is outside; nil where it has none.
    package var root: OwnerIDs? { outside(OwnerIDs(user: 0, group: 0)) }

    /// Who somebody inside is outside; nil where the maps have no place for them.
    package func outside(_ owner: OwnerIDs) -> OwnerIDs? {
        guard let user = users.outside(owner.user), let group = groups.outside(owner.group) else {
            return nil
        }
        return OwnerIDs(user: user, group: group)
    }
}

/// Whom a file belongs to.
package struct OwnerIDs: Sendable, Equatable {
    package var user: UInt32
    package var group: UInt32

    package init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }
}
