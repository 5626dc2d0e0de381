import Diagnostics

extension DeviceList {
    /// What version 1 can keep: one answer for all devices, and exceptions in any order.
    struct Reduced: Equatable {
        var allowsByDefault = false
        /// Rules of the opposite answer, no two about the same devices.
        var exceptions: [Rule] = []
    }

    /// The rules without an order.
    ///
    /// - Throws: when a rule takes one device out of an earlier rule about many, which version 1
    ///   cannot keep.
    func reduced() throws(Problem) -> Reduced {
        var reduced = Reduced()
        for rule in rules {
            if rule.isAboutEverything {
                reduced = Reduced(allowsByDefault: rule.allow)
                continue
            }
            for kind in rule.kind == .any ? [Kind.character, .block] : [rule.kind] {
                var rule = rule
                rule.kind = kind
                if rule.allow == reduced.allowsByDefault {
                    try reduced.remove(rule)
                } else {
                    reduced.add(rule)
                }
            }
        }
        return reduced
    }
}

extension DeviceList.Reduced {
    fileprivate mutating func add(_ rule: DeviceList.Rule) {
        if let index = exceptions.firstIndex(where: { $0.isAboutSameDevices(as: rule) }) {
            exceptions[index].access.formUnion(rule.access)
        } else {
            exceptions.append(rule)
        }
    }

    fileprivate mutating func remove(_ rule: DeviceList.Rule) throws(Problem) {
        for index in exceptions.indices {
            let exception = exceptions[index]
            if rule.covers(exception) {
                exceptions[index].access.subtract(rule.access)
            } else if exception.covers(rule), !exception.access.isDisjoint(with: rule.access) {
                throw Problem(
                    kind: .unsupported,
                    what: "cannot apply \(DeviceRules.field): \(rule.legacyText)",
                    why: "cgroup version 1 cannot take it out of the earlier rule "
                        + exception.legacyText,
                    fix: "name the devices one by one, or use a machine with cgroup version 2")
            }
        }
        exceptions.removeAll { $0.access.isEmpty }
    }
}
