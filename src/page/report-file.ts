/** A report as one HTML file: the page itself with what it shows inside. It asks nobody for anything. */
import { createHash } from 'node:crypto';
import type { ReportWishes } from '../testing/report.ts';
import { pageFile } from './assets.ts';
import type { LookSources } from './looks.ts';
import { EVERYTHING, gatherReport, type Visible } from './report.ts';

/** Of the whole file. */
const MOST_BYTES = 5_000_000;
/** For the document around the page's code, its styles and the report. */
const AROUND_BYTES = 10_000;

export async function reportFile(
  sources: LookSources,
  wishes: ReportWishes,
  visible: Visible = EVERYTHING,
): Promise<string> {
  const [script, styles] = await Promise.all([code(), css()]);
  const room = MOST_BYTES - AROUND_BYTES - Buffer.byteLength(script) - Buffer.byteLength(styles);
  const { json, title } = await gatherReport(sources, wishes, visible, room);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="${policy(script, styles)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${htmlText(title.slice(0, MOST_TITLE))}</title>
<link rel="icon" href="data:,">
<style>${styles}</style>
</head>
<body>
<noscript>This report needs JavaScript. It asks no other file and no network for anything.</noscript>
<script type="application/json" id="report">${json}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}

const MOST_TITLE = 200;

/** Nothing but the two that stand in the file, and no network. */
function policy(script: string, styles: string): string {
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(styles)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

async function code(): Promise<string> {
  const text = await own('page.js');
  return text.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--').trim();
}

async function css(): Promise<string> {
  return (await own('page.css')).replaceAll('</', '<\\/').trim();
}

async function own(name: string): Promise<string> {
  const found = await pageFile(name);
  return found!.bytes.toString();
}

function htmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
