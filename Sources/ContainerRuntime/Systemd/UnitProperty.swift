package import Linux

/// A property of a systemd unit as `StartTransientUnit` takes it (org.freedesktop.systemd1(5)).
package struct UnitProperty: Sendable, Equatable {
    package let name: String
    package let value: DBusValue

    package init(_ name: String, _ value: DBusValue) {
        self.name = name
        self.value = value
    }

    /// The pair that the call is given: `(sv)`.
    var pair: DBusValue { .structure([.string(name), .variant(value)]) }

    /// systemd's "infinity", which is how it says that there is no limit.
    static let infinity = DBusValue.uint64(.max)

    /// A number where −1 is no limit.
    static func limit(_ number: Int64) -> DBusValue {
        number < 0 ? infinity : .uint64(UInt64(number))
    }

    /// The property as `systemd-run --property` has it, as far as that has words for it.
    var shell: String {
        switch value {
        case .boolean(let isTrue): "\(name)=\(isTrue ? "yes" : "no")"
        case .uint64(.max): "\(name)=infinity"
        case .uint64(let number): "\(name)=\(number)"
        case .string(let text): "\(name)='\(text)'"
        default: "\(name)=…"
        }
    }
}
