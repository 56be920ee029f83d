// Makes the price files beside it from the npm package @pydantic/genai-prices (MIT), of which it takes facts only:
//
//   npm ci --ignore-scripts && node update.mjs 2026-11-25
//
// The date is the version of the table and decides between prices that the package dates.
import { readFileSync, writeFileSync } from 'node:fs';
import { findProvider } from '@pydantic/genai-prices';

const date = process.argv[2];
if (!/^\d{4}-\d{2}-\d{2}$/.test(date ?? '')) {
  console.error('update.mjs: name the date of the table: node update.mjs YYYY-MM-DD');
  process.exit(2);
}

// Provider of our catalogue → provider of the package. Only those whose requests the broker decodes.
const providers = {
  anthropic: 'anthropic', cerebras: 'cerebras', deepseek: 'deepseek', fireworks: 'fireworks', 'google-gemini': 'google', groq: 'groq',
  mistral: 'mistral', moonshot: 'moonshotai', openai: 'openai', openrouter: 'openrouter', perplexity: 'perplexity', together: 'together', xai: 'x-ai', zai: 'zai',
};
const kinds = { input: 'input_mtok', cacheRead: 'cache_read_mtok', cacheWrite: 'cache_write_mtok', cacheWriteLong: 'cache_write_1h_mtok', output: 'output_mtok' };

const source = JSON.parse(readFileSync(new URL('node_modules/@pydantic/genai-prices/package.json', import.meta.url)));

/** The literal names of a match; a pattern for dated names adds nothing, since every name may carry a date. */
function namesOf(match) {
  const [[operator, value]] = Object.entries(match);
  switch (operator) {
    case 'or': return value.flatMap(namesOf);
    case 'equals': return [value];
    case 'starts_with': return [value.replace(/[-@]$/, '')];
    default: return [];
  }
}

/** The prices in force on the date: the last whose start has come; those of a time of day are not fixed and are left out. */
function pricesOf(model) {
  if (!Array.isArray(model.prices)) {
    return model.prices;
  }

  const dated = model.prices.filter(p => p.constraint === undefined || (p.constraint.type === 'start_date' && p.constraint.start_date <= date));
  return dated.length === 0 || model.prices.some(p => p.constraint && p.constraint.type !== 'start_date') ? null : dated.at(-1).prices;
}

/** Decimal digits of a number, never an exponent. */
const digits = n => n.toFixed(12).replace(/0+$/, '').replace(/\.$/, '');
const word = text => /^[A-Za-z][A-Za-z0-9._-]*$/.test(text) && !/^(true|false|yes|no|on|off|null)$/i.test(text) ? text : JSON.stringify(text);

function entry(model, taken) {
  const prices = pricesOf(model);
  if (!prices || prices.input_mtok === undefined || prices.output_mtok === undefined || Object.keys(prices).some(k => /audio|image/.test(k))) {
    return null;
  }

  const names = [...new Set([model.id.replace(/[-@]$/, ''), ...namesOf(model.match)])].filter(n => /^[A-Za-z0-9][A-Za-z0-9._:\/@-]*$/.test(n) && n.length <= 80 && !taken.has(n));
  if (names.length === 0) {
    return null;
  }

  names.forEach(n => taken.add(n));
  const plain = [], above = [];
  let threshold = null;
  for (const [kind, key] of Object.entries(kinds)) {
    const price = prices[key];
    if (price === undefined) {
      continue;
    }

    if (typeof price === 'number') {
      plain.push(`${kind}: ${digits(price)}`);
      continue;
    }

    // With several tiers the highest is told: never too cheap.
    const tier = price.tiers.reduce((a, b) => (a.price > b.price ? a : b));
    plain.push(`${kind}: ${digits(price.base)}`);
    above.push(`${kind}: ${digits(tier.price)}`);
    threshold = Math.min(threshold ?? Infinity, ...price.tiers.map(t => t.start));
  }

  const long = threshold === null ? '' : `, above: {tokens: ${threshold}, ${above.join(', ')}}`;
  return `  - {names: [${names.map(word).join(', ')}], ${plain.join(', ')}${long}}`;
}

for (const [ours, theirs] of Object.entries(providers)) {
  const provider = findProvider({ providerId: theirs });
  const taken = new Set();
  const models = provider.models.map(m => entry(m, taken)).filter(e => e !== null);
  writeFileSync(new URL(`${ours}.yaml`, import.meta.url), [
    '# yaml-language-server: $schema=../../schemas/prices.schema.json',
    '# Made by update.mjs; a price of your own goes into the file that guard.yaml names under prices.',
    `provider: ${ours}`,
    `version: ${JSON.stringify(date)}`,
    `source: ${JSON.stringify(`${source.name} ${source.version}`)}`,
    'models:',
    ...models,
    '',
  ].join('\n'));
}
