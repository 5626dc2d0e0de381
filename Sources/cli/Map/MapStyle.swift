/// The colours and letters of drawings, in light and in dark.
enum MapStyle {
    /// Letters that are on every machine, in the order in which they are wanted.
    static let sans = "ui-sans-serif, system-ui, \"Segoe UI\", Roboto, \"DejaVu Sans\", sans-serif"
    static let mono =
        "ui-monospace, SFMono-Regular, Menlo, Consolas, \"DejaVu Sans Mono\", monospace"

    /// What the drawing and the page share.
    static let colours = """
        :root { color-scheme: light dark;
          --paper: #fbfaf7; --card: #ffffff; --ink: #22262b; --soft: #666c74; --rule: #dcd9d1;
          --line: #8d939b; --program: #2f6690; --process: #3a7d44; --files: #a4661c;
          --document: #7d5ba6; --layer: #b08415; --network: #1f8a8a; --kernel: #a63d40; }
        @media (prefers-color-scheme: dark) { :root {
          --paper: #15181c; --card: #1d2126; --ink: #e7e5df; --soft: #9aa1a9; --rule: #343a41;
          --line: #7b838c; --program: #7fb2dc; --process: #86c690; --files: #e0a45f;
          --document: #bd9fe0; --layer: #dcb84f; --network: #6bc7c4; --kernel: #e58b8d; } }

        """

    static let drawing = """
        .map { background: var(--paper); }
        .map text { fill: var(--ink); font-family: \(sans); font-size: 12px; }
        .map .band { fill: none; stroke: var(--rule); }
        .map .group { fill: var(--soft); font-size: 11px; letter-spacing: 0.09em; }
        .map .card { fill: var(--card); stroke: var(--rule); }
        .map .absent .card { stroke: var(--line); stroke-dasharray: 4 4; fill: none; }
        .map .absent text { fill: var(--soft); }
        .map .title { font-size: 15px; font-weight: 600; }
        .map .name { fill: var(--soft); font-size: 11px; }
        .map .value { font-family: \(mono); font-size: 12px; }
        .map .other { font-size: 12px; font-style: italic; }
        .map .meaning { font-size: 12px; }
        .map .rule { stroke: var(--rule); }
        .map .edge { fill: none; stroke: var(--line); stroke-width: 1.25; }
        .map .arrow { fill: var(--line); }
        .map .label { fill: var(--soft); font-size: 11px; font-style: italic;
          stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; paint-order: stroke; }

        """

    /// A colour for each kind of thing, as the side of its box.
    static func kinds(_ property: String, _ selector: (String) -> String, _ names: [String])
        -> String
    {
        names.map { "\(selector($0)) { \(property): var(--\($0)); }\n" }.joined()
    }
}
