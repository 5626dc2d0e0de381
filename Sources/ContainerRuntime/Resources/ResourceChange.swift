package import OCI

extension RuntimeSpec.Resources {
    /// These limits with those of a change in their place; what the change leaves out stays.
    ///
    /// 0 and an empty text leave a limit out, as they do in the specification.
    package func changed(by change: Self) -> Self {
        var all = self
        if let cpu = change.cpu { all.cpu = (all.cpu ?? .init()).changed(by: cpu) }
        if let memory = change.memory {
            all.memory = (all.memory ?? .init()).changed(by: memory)
        }
        if let limit = change.pids?.limit { all.pids = .init(limit: limit) }
        if let blockIO = change.blockIO {
            all.blockIO = (all.blockIO ?? .init()).changed(by: blockIO)
        }
        all.hugepageLimits.replace(by: change.hugepageLimits) { $0.pageSize == $1.pageSize }
        if let network = change.network {
            var merged = all.network ?? .init()
            merged.classID = set(network.classID) ?? merged.classID
            merged.priorities.replace(by: network.priorities) { $0.name == $1.name }
            all.network = merged
        }
        all.rdma.merge(change.rdma) { old, new in
            .init(
                hcaHandles: new.hcaHandles ?? old.hcaHandles,
                hcaObjects: new.hcaObjects ?? old.hcaObjects)
        }
        all.unified.merge(change.unified) { $1 }
        return all
    }

    /// A change, completed from the limits so far by what the kernel takes only together with it.
    func completed(from recorded: Self) -> Self {
        var all = self
        if let cpu { all.cpu = cpu.completed(from: recorded.cpu ?? .init()) }
        if let memory { all.memory = memory.completed(from: recorded.memory ?? .init()) }
        return all
    }
}

extension RuntimeSpec.CPU {
    fileprivate func changed(by change: Self) -> Self {
        var all = self
        all.shares = set(change.shares) ?? shares
        all.quota = set(change.quota) ?? quota
        all.burst = change.burst ?? burst
        all.period = set(change.period) ?? period
        all.realtimeRuntime = set(change.realtimeRuntime) ?? realtimeRuntime
        all.realtimePeriod = set(change.realtimePeriod) ?? realtimePeriod
        all.cpus = change.cpus ?? cpus
        all.mems = change.mems ?? mems
        all.idle = change.idle ?? idle
        return all
    }

    fileprivate func completed(from recorded: Self) -> Self {
        var all = self
        // Version 2 has quota and period in one file.
        if set(quota) != nil || set(period) != nil {
            all.quota = set(quota) ?? recorded.quota
            all.period = set(period) ?? recorded.period
        }
        // A cgroup that is idle no longer has the kernel's own weight.
        if idle == 0 { all.shares = set(shares) ?? recorded.shares }
        return all
    }
}

extension RuntimeSpec.Memory {
    fileprivate func changed(by change: Self) -> Self {
        var all = self
        all.limit = set(change.limit) ?? limit
        all.reservation = set(change.reservation) ?? reservation
        // Without a limit of memory there is none of memory and swap together.
        all.swap = set(change.swap) ?? (change.limit == -1 ? nil : swap)
        all.kernelTCP = set(change.kernelTCP) ?? kernelTCP
        all.swappiness = change.swappiness ?? swappiness
        all.disableOOMKiller = change.disableOOMKiller ?? disableOOMKiller
        all.checkBeforeUpdate = change.checkBeforeUpdate ?? checkBeforeUpdate
        return all
    }

    /// Swap is counted with memory, and version 2 limits it alone: each needs the other.
    fileprivate func completed(from recorded: Self) -> Self {
        var all = self
        if let limit = set(limit), limit != -1 { all.swap = set(swap) ?? recorded.swap }
        if let swap = set(swap), swap != -1 { all.limit = set(limit) ?? recorded.limit }
        return all
    }
}

extension RuntimeSpec.BlockIO {
    fileprivate func changed(by change: Self) -> Self {
        var all = self
        all.weight = set(change.weight) ?? weight
        all.leafWeight = set(change.leafWeight) ?? leafWeight
        for new in change.weightDevice {
            let old = all.weightDevice.first { $0.major == new.major && $0.minor == new.minor }
            var device = new
            device.weight = set(new.weight) ?? old?.weight
            device.leafWeight = set(new.leafWeight) ?? old?.leafWeight
            all.weightDevice.replace(by: [device]) { $0.major == $1.major && $0.minor == $1.minor }
        }
        for list in Self.throttles {
            all[keyPath: list].replace(by: change[keyPath: list]) {
                $0.major == $1.major && $0.minor == $1.minor
            }
        }
        return all
    }

    private static var throttles: [WritableKeyPath<Self, [ThrottleDevice]>] {
        [
            \.throttleReadBpsDevice, \.throttleWriteBpsDevice, \.throttleReadIOPSDevice,
            \.throttleWriteIOPSDevice,
        ]
    }
}

extension Array {
    /// Puts new elements in the places of those that are for the same thing, or at the end.
    fileprivate mutating func replace(
        by new: [Element], where isSame: (Element, Element) -> Bool
    ) {
        for element in new {
            if let index = firstIndex(where: { isSame($0, element) }) {
                self[index] = element
            } else {
                append(element)
            }
        }
    }
}

/// A value that is set: 0 is not.
private func set<Number: BinaryInteger>(_ value: Number?) -> Number? { value == 0 ? nil : value }
