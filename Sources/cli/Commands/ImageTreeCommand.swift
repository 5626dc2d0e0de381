import Diagnostics
import Engine

/// `kade image tree`: an image's layers, and which images share them.
struct ImageTreeCommand: Command {
    var name = ""

    static var grammar: Grammar<ImageTreeCommand> {
        Grammar(
            name: "tree", synopsis: "IMAGE", summary: "Show the layers of an image as a tree",
            operands: .exactly(1), operandKind: .images, assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let tree = try session.engine().images.tree(name)
        var text = """
            Image ID: \(Table.shortID(tree.id))
            Tags:     [\(tree.names.joined(separator: " "))]
            Size:     \(HumanUnits.size(tree.sizeInBytes, digits: 4))
            Image Layers

            """
        for (index, layer) in tree.layers.enumerated() {
            let branch = index == tree.layers.count - 1 ? "└── " : "├── "
            text += "\(branch)ID: \(Table.shortID(layer.diffID)) "
            text += "Size: \(HumanUnits.size(layer.sizeInBytes, digits: 4))"
            if !layer.topLayerOf.isEmpty {
                text += " Top Layer of: [\(layer.topLayerOf.joined(separator: " "))]"
            }
            text += "\n"
        }
        try session.output.write(text)
        return .success
    }
}

/// `images --tree`: the platforms of each image, as Docker shows them.
enum PlatformTree {
    static func text(of images: [ImagePlatforms]) -> String {
        var rows = [["IMAGE", "ID", "DISK USAGE", "CONTENT SIZE", "EXTRA"]]
        for image in images {
            let names = image.names.isEmpty ? ["<untagged>"] : image.names
            for (index, name) in names.enumerated() {
                // The numbers stand beside the last name.
                rows.append(
                    index < names.count - 1
                        ? [name]
                        : [name, Table.shortID(image.digest)]
                            + sizes(
                                image.unpackedInBytes + image.contentInBytes, image.contentInBytes)
                            + [image.isUsed ? "U" : ""])
            }
            for (index, variant) in image.variants.enumerated() {
                let branch = index == image.variants.count - 1 ? "└─ " : "├─ "
                rows.append(
                    [branch + variant.platform, Table.shortID(variant.id)]
                        + sizes(
                            variant.unpackedInBytes + variant.contentInBytes,
                            variant.contentInBytes) + [""])
            }
        }
        return Table.text(rows)
    }

    private static func sizes(_ disk: Int64, _ content: Int64) -> [String] {
        [HumanUnits.size(disk, digits: 3), HumanUnits.size(content, digits: 3)]
    }
}
