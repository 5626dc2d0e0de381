import Diagnostics
import OCI

/// `--format` of the commands that print one object: `json` or a template.
struct ObjectFormat {
    private let template: [TemplateNode]?

    init(_ text: String) throws(Problem) {
        template = text == "json" ? nil : try Format.parse(text)
    }

    func text(of value: JSONValue) throws(Problem) -> String {
        guard let template else { return value.jsonString() }
        do {
            return try TemplateEvaluator.text(of: template, with: value, isHeader: false)
        } catch {
            throw .template(error)
        }
    }
}
