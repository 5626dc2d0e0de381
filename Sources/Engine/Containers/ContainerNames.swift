import Linux

/// A container's ID: 64 hexadecimal digits from `getrandom(2)`.
///
/// As in Docker the first twelve are never all decimal, since they would look like a number where
/// they serve as a host name.
func makeContainerID() -> String {
    while true {
        let id = Random.hexadecimal(bytes: 32)
        if UInt64(id.prefix(12)) == nil { return id }
    }
}

/// A name for a container that got none: `adjective_surname`.
func makeContainerName() -> String {
    let bytes = Random.bytes(4)
    let left = Int(bytes[0]) << 8 | Int(bytes[1])
    let right = Int(bytes[2]) << 8 | Int(bytes[3])
    return "\(adjectives[left % adjectives.count])_\(surnames[right % surnames.count])"
}

private let adjectives = [
    "amber", "ample", "apt", "awake", "bold", "brave", "breezy", "bright", "brisk", "calm",
    "candid", "careful", "cheerful", "clear", "clever", "cosy", "crisp", "curious", "daring",
    "deft", "eager", "early", "earnest", "easy", "fair", "fancy", "fast", "fine", "firm", "fleet",
    "fond", "frank", "free", "fresh", "gentle", "glad", "golden", "grand", "great", "green",
    "handy", "happy", "hardy", "honest", "humble", "jolly", "joyful", "keen", "kind", "lively",
    "loyal", "lucid", "lucky", "mellow", "merry", "mild", "modest", "neat", "nimble", "noble",
    "open", "patient", "plucky", "polite", "prime", "proud", "quick", "quiet", "rapid", "ready",
    "robust", "rosy", "sage", "serene", "sharp", "silent", "simple", "sleek", "smart", "smooth",
    "snug", "sober", "solid", "spry", "stable", "steady", "stoic", "sunny", "sure", "swift",
    "tidy", "tranquil", "trusty", "upbeat", "vivid", "warm", "wise", "witty", "zesty",
]

private let surnames = [
    "agnesi", "allen", "babbage", "backus", "bartik", "bell", "bohr", "booth", "boyle", "carson",
    "cerf", "church", "codd", "conway", "cori", "curie", "dahl", "darwin", "diffie", "dijkstra",
    "einstein", "engelbart", "euler", "faraday", "fermat", "fermi", "feynman", "floyd", "franklin",
    "galileo", "galois", "gauss", "germain", "goldberg", "goodall", "gray", "hamilton", "hamming",
    "heisenberg", "hellman", "hertz", "hoare", "holberton", "hopper", "hubble", "huffman",
    "hypatia", "iverson", "jemison", "joliot", "kahn", "karp", "kay", "keller", "kepler", "kilby",
    "knuth", "kowalevski", "lamarr", "lamport", "leakey", "leavitt", "liskov", "lovelace",
    "mayer", "mccarthy", "mcnulty", "meitner", "mendel", "milner", "minsky", "mirzakhani",
    "morse", "naur", "newton", "nobel", "noether", "noyce", "nygaard", "pascal", "pasteur",
    "payne", "perlis", "poincare", "postel", "ramanujan", "ride", "ritchie", "rivest", "rubin",
    "sammet", "shamir", "shannon", "stallings", "tarjan", "tesla", "turing", "volta", "wilkes",
    "wing", "wirth", "wozniak", "wu", "yalow", "yonath", "zuse",
]
