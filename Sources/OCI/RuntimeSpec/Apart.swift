/// A part of the specification that many containers do without, kept apart from the rest.
///
/// A specification is copied often on its way to a container. So its large parts take one word of
/// it each, and memory of their own only where they are set.
@propertyWrapper
package enum Apart<Part: Sendable & Equatable>: Sendable, Equatable {
    case none
    indirect case some(Part)

    package init(wrappedValue: Part?) {
        if let wrappedValue { self = .some(wrappedValue) } else { self = .none }
    }

    package var wrappedValue: Part? {
        get {
            switch self {
            case .none: nil
            case .some(let part): part
            }
        }
        set { self = Self(wrappedValue: newValue) }
    }
}
