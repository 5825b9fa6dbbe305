// What every page does: its words in either language, its direction, its theme. Words messages as `clusterer.messages` does.
// Everything from articles enters a page as text, never as markup.
const $ = (id) => document.getElementById(id);
const messages = JSON.parse($('messages').textContent);
const THEMES = ['system', 'light', 'dark'];
const DIGITS = '٠١٢٣٤٥٦٧٨٩', MARKS = { ',': '٬', '.': '٫', '%': '٪', '-': '−' };
let language = document.documentElement.lang;

// words

const arabic = (text) => text.replace(/[\d,.%-]/g, (sign) => DIGITS[sign] ?? MARKS[sign]);

function plural(n, to) {
  if (to === 'en') return n === 1 ? 'one' : 'other';
  if (n < 3) return ['zero', 'one', 'two'][n];
  return n % 100 >= 3 && n % 100 <= 10 ? 'few' : n % 100 >= 11 ? 'many' : 'other';
}

function numbered(value, spec, to) {
  let text;
  if (spec === '%') text = `${value < 1 ? Math.min(99, Math.round(value * 100)) : 100}%`;
  else if (spec === 'g') text = String(Number(value.toPrecision(6)));
  else if (spec) text = (spec[0] === '+' && value >= 0 ? '+' : '') + value.toFixed(Number(spec.at(-1)));
  else text = value.toLocaleString('en');
  return to === 'ar' ? arabic(text) : text;
}

/** A month, a day, or a moment; midnight to the second, in UTC, is a day whose hour nobody told. */
function dated(stamp, spec, to) {
  const [year, month, day] = stamp.slice(0, 10).split('-');
  const name = messages.months[to].split(' ')[month - 1];
  let text = `${day ? `${Number(day)} ` : ''}${name} ${year}`;
  if (spec === 'date' && stamp.length > 10 && !/^00:00:00Z?$/.test(stamp.slice(11))) text += ` ${stamp.slice(11, 16)}`;
  return to === 'ar' ? arabic(text) : text;
}

function filled(value, spec, to) {
  if (Array.isArray(value)) return value.map((one) => filled(one, spec, to)).join(messages.separator[to]);
  if (typeof value === 'number') return numbered(value, spec, to);
  if (typeof value === 'object') return worded(value, to);
  return spec === 'date' || spec === 'day' ? dated(value, spec, to) : `\u2068${value}\u2069`;
}

function worded({ key, values }, to = language) {
  let text = messages[key][to];
  if (typeof text === 'object') text = text[plural(values.n, to)] ?? text.other;
  return text.replace(/\{(\w+)(?::([^}]+))?\}/g, (_, name, spec) => filled(values[name], spec, to));
}

const message = (key, values = {}) => ({ key, values });
const kept = (key, values) => JSON.stringify(typeof key === 'string' ? message(key, values) : key);

// elements

/** An element of attributes and children; strings become text. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== ''));
  return element;
}

/** Fill an element with a message. */
function tell(element, key, values) {
  element.dataset.say = kept(key, values);
  element.textContent = worded(JSON.parse(element.dataset.say));
  return element;
}
const say = (key, values, attributes = {}, tag = 'span') => tell(make(tag, attributes), key, values);

/** Put a message into an attribute of an element. */
function label(element, name, key, values) {
  element.setAttribute(`data-say-${name}`, kept(key, values));
  element.setAttribute(name, worded(message(key, values)));
  return element;
}

/** The direction of an article's text, by the letters of its beginning: `dir="auto"` would let one foreign word decide. */
function direction(text) {
  const letters = text.slice(0, 400).match(/[ء-يA-Za-z]/g) ?? [];
  return 2 * letters.filter((letter) => letter > 'z').length >= letters.length ? 'rtl' : 'ltr';
}

// language and theme

function turn(to) {
  language = to;
  document.documentElement.lang = to;
  document.documentElement.dir = to === 'ar' ? 'rtl' : 'ltr';
  for (const element of document.querySelectorAll('[data-say]')) element.textContent = worded(JSON.parse(element.dataset.say));
  for (const name of ['aria-label', 'title']) {
    for (const element of document.querySelectorAll(`[data-say-${name}]`)) {
      element.setAttribute(name, worded(JSON.parse(element.getAttribute(`data-say-${name}`))));
    }
  }
  $('language').lang = to === 'ar' ? 'en' : 'ar';
}

function switches() {
  const stored = { get: () => { try { return localStorage.getItem('theme'); } catch { return null; } },
    set: (name) => { try { localStorage.setItem('theme', name); } catch { /* a page from a file may keep nothing */ } } };
  let now = THEMES.includes(stored.get()) ? stored.get() : 'system';
  const use = () => {
    if (now === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = now;
    tell($('theme'), `theme.${now}`);
  };
  use();
  $('theme').addEventListener('click', () => {
    now = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
    use();
    stored.set(now);
  });
  tell($('language'), 'language');
  $('language').lang = language === 'ar' ? 'en' : 'ar';
  $('language').addEventListener('click', () => turn(language === 'ar' ? 'en' : 'ar'));
  $('theme').hidden = false;
  $('language').hidden = false;
}
switches();
