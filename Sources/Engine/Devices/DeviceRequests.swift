import OCI

/// Devices of CDI in the words of Docker's API: `HostConfig.DeviceRequests`.
extension SecurityRequest {
    /// What `inspect` shows and the database keeps.
    var deviceRequests: JSONValue {
        var list: [JSONValue] = []
        if !interfaceDevices.isEmpty {
            list.append([
                "Driver": "cdi", "Count": 0, "DeviceIDs": .strings(interfaceDevices),
                "Capabilities": .null, "Options": .null,
            ])
        }
        for gpu in gpus {
            list.append([
                "Driver": .string(gpu.driver ?? ""),
                "Count": .integer(gpu.devices.isEmpty ? gpu.count : 0),
                "DeviceIDs": gpu.devices.isEmpty ? .null : .strings(gpu.devices),
                "Capabilities": .array([.strings(["gpu"])]), "Options": [:],
            ])
        }
        return list.isEmpty ? .null : .array(list)
    }

    /// Reads what ``deviceRequests`` wrote.
    mutating func readDeviceRequests(_ json: JSONValue?) {
        for request in json?.array ?? [] {
            let names = request["DeviceIDs"]?.stringList ?? []
            if request.text("Driver") == "cdi" {
                interfaceDevices += names
            } else {
                var gpu = GPURequest(count: request["Count"]?.int ?? 0)
                gpu.driver = request.text("Driver")
                gpu.devices = names
                if !names.isEmpty { gpu.count = 1 }
                gpus.append(gpu)
            }
        }
    }
}
