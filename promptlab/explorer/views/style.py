"""The page's style: JupyterLab's own variables, so that it is light or dark as the rest."""

STYLE = """<style>
.pl-page {
  color: var(--jp-content-font-color1, #111);
  --pl-muted: var(--jp-content-font-color2, #555); --pl-line: var(--jp-border-color1, #bbb);
  --pl-right: #00694e; --pl-wrong: #a8320a; --pl-blue: #005a8f;
}
[data-jp-theme-light="false"] .pl-page { --pl-right: #4fd1a5; --pl-wrong: #ff9a76; --pl-blue: #7cc4f4; }
.pl-page, .pl-page .widget-html-content { font-size: 13px; line-height: 1.45; }
.pl-page .widget-html, .pl-page .widget-html-content { min-width: 0; height: auto; overflow: visible; }
.pl-page .widget-html-content { width: 100%; }
.pl-page .jupyter-button, .pl-page .widget-toggle-button { width: auto; padding: 0 12px; }
.pl-page :focus-visible { outline: 2px solid var(--jp-brand-color1, #1976d2); outline-offset: 1px; }
.pl-page summary { cursor: pointer; color: var(--pl-muted); }
.pl-page table { border-collapse: collapse; }
.pl-page td, .pl-page th { padding: 3px 10px; border-bottom: 1px solid var(--pl-line); text-align: left; }
.pl-row { display: flex; flex-flow: row wrap; gap: 2px 14px; align-items: center; }
.pl-columns { display: flex; flex-flow: row wrap; gap: 12px; align-items: stretch; }
.pl-tabs .widget-tab-contents { display: none; }
.pl-page .pl-keys input[type="text"] { color: transparent; caret-color: var(--jp-content-font-color1, #111); }
.pl-bar { width: 22em; max-width: 100%; height: 10px; border: 1px solid var(--pl-line); border-radius: 3px; }
.pl-bar > div { height: 100%; background: var(--jp-brand-color1, #1976d2); }
.pl-dated, .pl-dated .pl-facts { color: inherit; }
.pl-dated { border-left: 4px solid var(--jp-warn-color1, #bf5b00); padding-left: 10px; }
.pl-card { flex: 1 1 300px; min-width: 0; margin: 0; padding: 8px 10px; border: 1px solid var(--pl-line);
  border-radius: 4px; }
.pl-page pre.pl-text { white-space: pre-wrap; overflow-wrap: anywhere; word-break: normal; margin: 2px 0 6px;
  padding: 5px 8px; max-height: 22em; overflow-y: auto; text-align: start; unicode-bidi: plaintext;
  font: 12.5px/1.5 var(--jp-code-font-family, monospace);
  color: inherit; background: var(--jp-layout-color2, #f3f3f3); border-radius: 3px; }
.pl-prompt { --pl-page: var(--jp-layout-color0, #fff); max-height: 32em; overflow-y: auto; scrollbar-width: thin;
  border-left: 2px solid var(--pl-line); padding-left: 6px; background:
  linear-gradient(var(--pl-page), var(--pl-page)) 0 100% / 100% 20px no-repeat local,
  linear-gradient(transparent, color-mix(in srgb, currentColor 45%, transparent)) 0 100% / 100% 16px no-repeat scroll; }
.pl-page .pl-prompt pre.pl-text { background: color-mix(in srgb, currentColor 8%, transparent); }
.pl-prompt pre.pl-text, .pl-code pre.pl-text { max-height: none; }
.pl-role, .pl-facts { color: var(--pl-muted); font-size: 12px; }
.pl-role { font-weight: 600; margin-top: 4px; }
.pl-sample { border-top: 1px solid var(--pl-line); padding: 6px 0 2px; }
.pl-status { font-weight: 600; } .pl-right { color: var(--pl-right); } .pl-wrong { color: var(--pl-wrong); }
.pl-other { color: var(--pl-muted); }
.pl-error { border-left: 4px solid var(--pl-wrong); background: var(--jp-layout-color2, #f3f3f3); padding: 6px 10px;
  margin: 4px 0; overflow-wrap: anywhere; }
.pl-page mark { color: inherit; padding: 0 1px; border-radius: 2px; }
.pl-check { background: color-mix(in srgb, #009e73 30%, transparent); border-bottom: 2px solid #009e73; }
.pl-doubt { background: color-mix(in srgb, #e69f00 30%, transparent); border-bottom: 2px dashed #e69f00; }
.pl-copied { background: color-mix(in srgb, #cc79a7 35%, transparent); border-bottom: 2px dotted #cc79a7; }
.pl-foreign { background: color-mix(in srgb, #56b4e9 30%, transparent); border-bottom: 3px double #56b4e9; }
.pl-plot { width: 100%; max-width: 720px; height: auto; font-size: 12px; }
.pl-plot text { fill: currentColor; } .pl-plot line { stroke: currentColor; }
.pl-axis { stroke-width: 1; opacity: 0.6; } .pl-interval { stroke-width: 3; } .pl-open { opacity: 0.45; }
.pl-plot .pl-done { stroke: var(--pl-blue); } .pl-dot { fill: none; stroke: currentColor; stroke-width: 1.5; }
.pl-band { fill: currentColor; opacity: 0.1; }
.pl-page textarea { font-family: var(--jp-code-font-family, monospace); font-size: 12.5px; }
</style>"""
