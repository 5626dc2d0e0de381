import Diagnostics
import Engine

/// `--filter` of the commands on images.
enum ImageFilterFlag {
    /// The filter that conditions make; `until` is a time or a duration before now.
    static func filter(_ conditions: [Label]) throws(Problem) -> ImageFilter {
        var filter = ImageFilter()
        for condition in conditions {
            guard condition.key == "until" else {
                filter.conditions.append((condition.key, condition.value))
                continue
            }
            let before = try PruneFlags.moment(condition, before: .now)
            filter.createdBefore = min(before, filter.createdBefore ?? before)
        }
        return filter
    }
}
