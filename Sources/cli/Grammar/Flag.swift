/// What a flag is called and what the help says of it, apart from the command that has it.
struct FlagDescription: Equatable {
    /// The name after the two dashes: "memory".
    let name: String
    /// The letter after the one dash: "m".
    let letter: Character?
    /// The word for the value in the help ("bytes"), or nil for a switch.
    let valueName: String?
    /// One line for the help.
    let help: String
    /// The flag is understood but not shown: Docker's flags that Kade refuses by name.
    let isHidden: Bool

    /// The flag as error messages name it: "-m, --memory".
    var names: String { letter.map { "-\($0), --\(name)" } ?? "--\(name)" }
}

/// One flag of a command: its name, and what its value does to the command.
struct Flag<Target> {
    let description: FlagDescription
    /// Puts the value given on the command line into the command; a switch gets "true" or "false".
    let apply: (inout Target, String) throws(FlagError) -> Void

    /// A switch, off unless given; `--name=false` turns it off again.
    static func `switch`(
        _ name: String, _ letter: Character? = nil, _ help: String,
        _ field: WritableKeyPath<Target, Bool>
    ) -> Flag {
        Flag(name, letter, nil, help) { target, value throws(FlagError) in
            target[keyPath: field] = try FlagError.wrap(value, BooleanValue.parse)
        }
    }

    /// A switch that may have a value behind `=`, and means "true" without one.
    static func choice<Value>(
        _ name: String, _ letter: Character? = nil, _ help: String,
        _ field: WritableKeyPath<Target, Value>,
        _ parse: @escaping (String) throws(InvalidValue) -> Value
    ) -> Flag {
        Flag(name, letter, nil, help) { target, value throws(FlagError) in
            target[keyPath: field] = try FlagError.wrap(value, parse)
        }
    }

    /// A flag whose last value counts.
    static func value<Value>(
        _ name: String, _ letter: Character? = nil, _ valueName: String, _ help: String,
        _ field: WritableKeyPath<Target, Value?>,
        _ parse: @escaping (String) throws(InvalidValue) -> Value
    ) -> Flag {
        Flag(name, letter, valueName, help) { target, value throws(FlagError) in
            target[keyPath: field] = try FlagError.wrap(value, parse)
        }
    }

    /// A flag whose last value replaces a default.
    static func setting<Value>(
        _ name: String, _ letter: Character? = nil, _ valueName: String, _ help: String,
        _ field: WritableKeyPath<Target, Value>,
        _ parse: @escaping (String) throws(InvalidValue) -> Value
    ) -> Flag {
        Flag(name, letter, valueName, help) { target, value throws(FlagError) in
            target[keyPath: field] = try FlagError.wrap(value, parse)
        }
    }

    /// A flag of named values, of which the last one of each name counts.
    static func pairs(
        _ name: String, _ letter: Character? = nil, _ valueName: String = "map", _ help: String,
        _ field: WritableKeyPath<Target, [String: String]>,
        _ parse: @escaping (String) throws(InvalidValue) -> Label
    ) -> Flag {
        Flag(name, letter, valueName, help) { target, value throws(FlagError) in
            let pair = try FlagError.wrap(value, parse)
            target[keyPath: field][pair.key] = pair.value
        }
    }

    /// A flag of free text whose last value counts.
    static func text(
        _ name: String, _ letter: Character? = nil, _ valueName: String = "string", _ help: String,
        _ field: WritableKeyPath<Target, String?>
    ) -> Flag {
        Flag(name, letter, valueName, help) { target, value in target[keyPath: field] = value }
    }

    /// A flag that may be given many times; every value counts, in order.
    static func list<Value>(
        _ name: String, _ letter: Character? = nil, _ valueName: String = "list", _ help: String,
        _ field: WritableKeyPath<Target, [Value]>,
        _ parse: @escaping (String) throws(InvalidValue) -> Value
    ) -> Flag {
        Flag(name, letter, valueName, help) { target, value throws(FlagError) in
            target[keyPath: field].append(try FlagError.wrap(value, parse))
        }
    }

    /// A flag of free text that may be given many times.
    static func list(
        _ name: String, _ letter: Character? = nil, _ valueName: String = "list", _ help: String,
        _ field: WritableKeyPath<Target, [String]>
    ) -> Flag {
        Flag(name, letter, valueName, help) { target, value in
            target[keyPath: field].append(value)
        }
    }

    /// A flag that Docker has and this version of Kade does not: refused by name, with the reason.
    static func unsupported(
        _ name: String, _ letter: Character? = nil, _ valueName: String? = "string", why: String
    ) -> Flag {
        Flag(name, letter, valueName, why, isHidden: true) { _, _ throws(FlagError) in
            throw .unsupported(why)
        }
    }

    /// A switch or setting that may be given with the one value that is true of Kade anyway.
    static func allowing(_ name: String, _ value: String, _ why: String) -> Flag {
        allowing(name, anyOf: [value], why)
    }

    /// The same, where several values are true of Kade.
    static func allowing(_ name: String, anyOf values: [String], _ why: String) -> Flag {
        let isSwitch = values.allSatisfy { $0 == "true" || $0 == "false" }
        return Flag(name, nil, isSwitch ? nil : "string", why, isHidden: true) {
            _, given throws(FlagError) in
            guard values.contains(given) else { throw .unsupported(why) }
        }
    }

    /// The same flag with a letter of its own.
    func called(_ letter: Character) -> Flag {
        let named = description
        return Flag(
            named.name, letter, named.valueName, named.help, isHidden: named.isHidden,
            apply: apply)
    }

    /// The same flag, not shown in the help.
    var hidden: Flag {
        let shown = description
        return Flag(
            shown.name, shown.letter, shown.valueName, shown.help, isHidden: true, apply: apply)
    }

    /// The same flag on a command that contains the target.
    func lifted<Outer>(to field: WritableKeyPath<Outer, Target>) -> Flag<Outer> {
        let apply = apply
        return Flag<Outer>(description: description) { outer, value throws(FlagError) in
            try apply(&outer[keyPath: field], value)
        }
    }
}

extension Flag where Target: Command {
    /// The same flag of a command line.
    ///
    /// It needs no key path: that of a generic type would be made anew for each flag, in a command
    /// that somebody waits for.
    func onLine() -> Flag<PlannableLine<Target>> {
        let apply = apply
        return Flag<PlannableLine<Target>>(description: description) {
            line, value throws(FlagError) in try apply(&line.command, value)
        }
    }
}

extension Flag {
    private init(
        _ name: String, _ letter: Character?, _ valueName: String?, _ help: String,
        isHidden: Bool = false,
        apply: @escaping (inout Target, String) throws(FlagError) -> Void
    ) {
        self.init(
            description: FlagDescription(
                name: name, letter: letter, valueName: valueName, help: help, isHidden: isHidden),
            apply: apply)
    }
}

/// Why a flag was not taken.
enum FlagError: Error, Equatable {
    case invalid(InvalidValue)
    case unsupported(String)

    /// Parses a value; a refusal becomes a flag's error.
    static func wrap<Value>(
        _ text: String, _ parse: (String) throws(InvalidValue) -> Value
    ) throws(FlagError) -> Value {
        do { return try parse(text) } catch { throw .invalid(error) }
    }
}
