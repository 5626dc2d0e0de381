/// Numbers of processors or memory nodes as cpuset(7) § "List format" has them: "0-3,7".
enum NumberList {
    /// Reads a list; nil where it is none.
    static func parse(_ list: String) -> [Int]? {
        var numbers: [Int] = []
        for part in list.split(separator: ",", omittingEmptySubsequences: false) {
            let bounds = part.split(separator: "-", omittingEmptySubsequences: false)
                .map { Int($0.filter { $0 != " " }) }
            guard (1...2).contains(bounds.count), let first = bounds[0], let last = bounds.last,
                let last, first >= 0, first <= last, last < 8192
            else { return nil }
            numbers += Array(first...last)
        }
        return numbers
    }
}
