extension Report {
  /// The style sheet of the page, in the colours of the pictures.
  static var style: String {
    """
    :root { color-scheme: light dark; --page: #f3f5f7; \(colors(.light)) }
    @media (prefers-color-scheme: dark) { :root { --page: #0d1117; \(colors(.dark)) } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--page); color: var(--ink); line-height: 1.5;
      font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
    main { max-width: 1120px; margin: 0 auto; padding: 24px 16px 48px; }
    header, section { background: var(--panel); border-radius: 10px; padding: 20px 24px;
      margin-bottom: 16px; overflow-wrap: anywhere; }
    h1 { font-size: 28px; line-height: 1.2; margin: 0 0 6px; }
    h2 { font-size: 20px; line-height: 1.3; margin: 0 0 12px; }
    h3 { font-size: 15px; margin: 0 0 8px; }
    p { margin: 0 0 12px; max-width: 75ch; }
    a { color: var(--accent); }
    .soft, dt, th, figcaption span + span { color: var(--soft); }
    nav { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 14px; }
    pre { margin: 0 0 12px; padding: 12px 14px; border-radius: 6px; background: var(--page);
      white-space: pre-wrap; overflow-wrap: anywhere; font-size: 13px; }
    dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr));
      gap: 8px 16px; margin: 0 0 16px; font-size: 15px; }
    dl.key { grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); }
    dt { font-size: 13px; }
    dd { margin: 0; font-variant-numeric: tabular-nums; }
    .key dd { font-size: 24px; font-weight: 600; line-height: 1.3; }
    .pictures { display: flex; flex-wrap: wrap; gap: 16px 24px; align-items: flex-start; }
    .pictures > div { min-width: 0; max-width: 100%; }
    .pictures > .row { width: 100%; }
    .pictures + .pictures, p + .pictures { margin-top: 4px; }
    svg { display: block; max-width: 100%; height: auto; }
    .wide svg { max-width: none; }
    .scroll { overflow-x: auto; max-width: 100%; }
    table { border-collapse: collapse; font-size: 14px; margin-bottom: 12px; }
    th, td { text-align: left; padding: 5px 18px 5px 0; border-bottom: 1px solid var(--line);
      vertical-align: top; white-space: pre; }
    th:last-child, td:last-child { padding-right: 0; }
    th { font-weight: 400; }
    td.long { white-space: pre-wrap; min-width: 24ch; }
    th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
    .tiles { display: grid; margin-bottom: 12px; }
    .tiles figure { margin: 0; }
    .tiles img { display: block; image-rendering: pixelated; outline: 1px solid var(--line); }
    figcaption { font-size: 13px; line-height: 1.35; padding-top: 4px; }
    figcaption span { display: block; }
    @media (max-width: 600px) {
      main { padding: 8px 0 24px; }
      header, section { padding: 16px; border-radius: 0; margin-bottom: 8px; }
      dl.facts { grid-template-columns: repeat(auto-fill, minmax(130px, 1fr)); }
      table { font-size: 13px; }
      th, td { padding-right: 10px; }
    }
    @media print { section { break-inside: avoid; } nav { display: none; } }
    """
  }

  private static func colors(_ theme: Theme) -> String {
    [
      ("panel", Ink.panel), ("ink", .ink), ("soft", .soft), ("line", .grid), ("accent", .series(0)),
    ].map { "--\($0): \(theme.hex($1));" }.joined(separator: " ")
  }
}
