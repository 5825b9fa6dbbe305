// The report's list of stories. Unpacks what the page holds, finds, sorts, and shows a story when it is opened.
// Everything from articles enters the page as text, never as markup.
(() => {
'use strict';

const PAGE = 50;
const KINDS = ['own', 'shared', 'cut'];
const THEMES = ['system', 'light', 'dark'];
const $ = (id) => document.getElementById(id);
const about = JSON.parse($('about').textContent);
const parsed = new Promise((done) => {
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', done);
  else done();
});
const blocks = new Map(); // number to promise; the latest few stay
let stories = [], outlets = [], letters = new Map(), unfolded = {};
let found = [], shown = 0;

// making elements

/** An element of attributes and children; strings become text. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== ''));
  return element;
}
const en = (...children) => make('span', { lang: 'en' }, ...children);
const bdi = (text) => make('bdi', {}, text);
const count = (n, one, many = `${one}s`) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
const percent = (x) => `${x < 1 ? Math.min(99, Math.round(x * 100)) : 100}%`;
const decimal = (x) => x.toFixed(2).replace('-', '−');
const day = (stamp) => stamp.slice(0, 10);
// Midnight to the second is a day whose hour nobody told.
const minute = (stamp) => (stamp.slice(11, 19) === '00:00:00' ? day(stamp) : `${day(stamp)} ${stamp.slice(11, 16)}`);
const time = (stamp, tell = minute) => make('time', { datetime: stamp }, tell(stamp));

const list = (names) => names.flatMap((name, i) => [i ? '، ' : '', bdi(name)]);

/** A details element whose inside is made when it is first opened. */
function folded(name, summary, inside) {
  const details = make('details', { class: name }, make('summary', {}, summary));
  details.addEventListener('toggle', () => {
    if (details.open && details.children.length === 1) details.append(inside());
  });
  return details;
}

// unpacking and folding

async function unpack(id) {
  const coded = atob($(id).textContent);
  const bytes = new Uint8Array(coded.length);
  for (let i = 0; i < coded.length; i += 1) bytes[i] = coded.charCodeAt(i);
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Response(plain).json();
}

async function members(story) {
  if (!blocks.has(story.block)) {
    if (!$(`block-${story.block}`)) await parsed;
    blocks.set(story.block, unpack(`block-${story.block}`));
    if (blocks.size > 16) blocks.delete(blocks.keys().next().value);
  }
  return (await blocks.get(story.block))[story.place];
}

function learn(runs) {
  for (const [first, length, moves, value] of runs) {
    for (let code = first; code < first + length; code += 1) {
      const to = moves ? code + value : value;
      letters.set(String.fromCharCode(code), to === 1 ? '' : String.fromCharCode(to));
    }
  }
}

/** The words of a query, each folded as the package folds letters; "a-1" stays together, as "a 1". */
function fold(query) {
  let flat = '';
  for (const letter of query.normalize('NFC').trim().replace(/\s+/g, '\n')) {
    if (letter === '\n') flat += letter;
    else if (letter > '\uffff') flat += /[\p{L}\p{M}\p{N}]/u.test(letter) ? letter.normalize('NFKC') : ' ';
    else flat += unfolded[letter] ?? letters.get(letter) ?? letter;
  }
  return flat.split('\n').map((word) => word.split(' ').filter(Boolean).join(' ')).filter(Boolean);
}

// finding

const latest = (story) => story.last ?? '';
const ORDERS = {
  size: (a, b) => b.size - a.size || (latest(a) < latest(b) ? 1 : -1),
  latest: (a, b) => (latest(a) === latest(b) ? b.size - a.size : latest(a) < latest(b) ? 1 : -1),
  texts: (a, b) => b.texts - a.texts || ORDERS.size(a, b),
  outlets: (a, b) => b.outlets.length - a.outlets.length || ORDERS.size(a, b),
};

function find() {
  const words = fold($('search').value);
  const least = Number($('least').value), kind = $('kind').value;
  const outlet = $('outlet').value === '' ? -1 : Number($('outlet').value);
  const from = $('from').value, to = $('to').value;
  found = stories.filter((story) => story.size >= least
    && (kind === '' || story.size > 1) && (kind !== 'copied' || story.texts === 1) && (kind !== 'other' || story.texts > 1)
    && (outlet < 0 || story.outlets.includes(outlet))
    && (!from || (story.last && day(story.last) >= from)) && (!to || (story.first && day(story.first) <= to))
    && words.every((word) => story.key.includes(word)));
  found.sort(ORDERS[$('sort').value]);
  shown = 0;
  $('list').replaceChildren();
  const articles = found.reduce((sum, story) => sum + story.size, 0);
  $('count').replaceChildren(en(found.length
    ? `${count(found.length, 'story', 'stories')}, ${count(articles, 'article')}`
    : 'Nothing is like that. Esc clears the search; size “any” also finds single articles.'));
  more();
}

function more() {
  $('list').append(...found.slice(shown, shown + PAGE).map(card));
  shown = Math.min(shown + PAGE, found.length);
  $('more').hidden = shown === found.length;
  $('more').textContent = `Show more: ${(found.length - shown).toLocaleString('en')} left`;
}

// a story in the list, and open

function card(story) {
  const inside = make('div', { class: 'inside', id: `story-${story.block}-${story.place}`, hidden: true });
  const button = make('button', { type: 'button', class: 'title', 'aria-expanded': 'false', 'aria-controls': inside.id },
    bdi(story.title || story.id));
  button.addEventListener('click', async () => {
    const open = button.getAttribute('aria-expanded') === 'false';
    button.setAttribute('aria-expanded', String(open));
    inside.hidden = !open;
    if (open && !inside.firstChild) {
      inside.setAttribute('aria-busy', 'true');
      const articles = await members(story);
      inside.replaceChildren(...told(story, articles));
      inside.removeAttribute('aria-busy');
    }
  });
  const names = list(story.outlets.slice(0, 6).map((o) => outlets[o]));
  if (story.outlets.length > 6) names.push(' ', en(`and ${story.outlets.length - 6} more`));
  const span = story.first === null ? en('no date') : day(story.first) === day(story.last)
    ? en(time(story.first, day)) : en(time(story.first, day), ' to ', time(story.last, day));
  return make('li', { class: 'story card' },
    make('h3', {}, button),
    make('p', { class: 'meta' },
      en(make('b', {}, count(story.size, 'article')), `, ${count(story.texts, 'independent text')}, ${count(story.outlets.length, 'outlet')}`),
      make('span', { class: 'soft' }, span), make('span', { class: 'soft' }, ...names)),
    inside);
}

function told(story, articles) {
  const groups = [];
  articles.forEach((article, place) => {
    article.place = place;
    (groups[article.copy] ??= []).push(article);
  });
  const rows = groups.map((group) => {
    const first = group.find((a) => a.why === null || a.why.relation === 'story') ?? group[0];
    const others = group.filter((a) => a !== first);
    const row = make('li', { class: 'text' }, article(first, articles));
    if (others.length) {
      const where = [...new Set(others.map((a) => a.outlet).filter(Boolean))];
      row.append(folded('copies', [en(`${count(others.length, 'further copy', 'further copies')} of this text`),
        ' ', make('span', { class: 'soft' }, ...list(where))],
      () => make('ol', {}, others.map((a) => make('li', {}, article(a, articles))))));
    }
    return row;
  });
  const parts = [];
  const earlier = story.follows && stories.find((other) => other.id === story.follows);
  if (earlier) {
    parts.push(make('p', { class: 'small' }, en(make('span', { class: 'soft' }, 'Goes on with '), bdi(earlier.title || earlier.id),
      make('span', { class: 'soft' }, earlier.first === null ? '' : ` (${day(earlier.first)})`))));
  }
  if (story.size > 1) {
    parts.push(make('p', { class: 'small soft' }, en('Story ', bdi(story.id))));
    const strip = timeline(articles, groups.length);
    if (strip) parts.push(strip);
  }
  parts.push(make('ol', { class: 'texts' }, rows));
  return parts;
}

/** When each article came, a lane for each text; from right to left, as Arabic reads. */
function timeline(articles, lanes) {
  const dated = articles.filter((a) => a.date).map((a) => [a, Date.parse(a.date)]);
  if (dated.length < 2) return null;
  const first = dated[0][1], span = dated.at(-1)[1] - first;
  if (!span) return null;
  const height = Math.min(lanes, 8);
  const dots = dated.map(([a, at]) => make('span', {
    class: a.representative ? 'dot lead' : a.why.relation === 'story' ? 'dot' : 'dot copy',
    style: `inset-inline-start: ${((at - first) / span * 100).toFixed(2)}%; inset-block-start: ${(a.copy % height) + 0.5}rem`,
    title: `${minute(a.date)} ${a.outlet}`,
  }));
  return make('figure', { class: 'timeline' },
    make('figcaption', { class: 'small soft' }, en('Timeline, a lane for each text: ',
      make('span', { class: 'dot lead' }), ' representative, ', make('span', { class: 'dot' }), ' other words, ',
      make('span', { class: 'dot copy' }), ' copy')),
    make('div', { class: 'lanes', 'aria-hidden': 'true', style: `block-size: ${height + 1}rem` }, make('div', {}, dots)),
    make('p', { class: 'ends small soft' }, en(time(dated[0][0].date)), en(time(dated.at(-1)[0].date))));
}

function article(one, articles) {
  const link = /^https?:\/\//i.test(one.url) ? make('a', { href: one.url, rel: 'noopener noreferrer', target: '_blank' }, en('original')) : null;
  const head = [
    make('h4', {}, bdi(one.title || one.text.trim().slice(0, 80) || one.id)),
    make('p', { class: 'meta small soft' }, one.outlet ? bdi(one.outlet) : en('outlet unknown'),
      one.date ? en(time(one.date)) : en('no date'), make('bdi', { class: 'id', title: one.id }, one.id), link),
  ];
  const other = one.why && articles[one.why.to];
  const why = one.why ? folded('why', sentence(one, other), () => reasons(one, other)) : make('p', { class: 'badge' }, en('representative'));
  head.push(make('div', { class: 'folds' }, why, folded('read', en('text'), () => make('div', { class: 'body', dir: 'auto' }, one.text || '—'))));
  return make('article', {}, ...head);
}

// why it is in

const compared = (marks) => marks.reduce((sum, [kind, length]) => sum + (KINDS[kind] === 'cut' ? 0 : length), 0);
const cited = (other) => [other.outlet ? bdi(other.outlet) : '', other.outlet ? ': ' : '', bdi(other.title || other.id)];

function sentence(one, other) {
  const { why } = one;
  const shorter = compared(why.mine) <= compared(why.theirs);
  const label = { exact: 'same words as', copy: 'copy of', contained: shorter ? 'cut of' : 'longer form of', story: 'same event as', version: 'earlier version of' }[why.relation];
  return [make('span', { class: `relation ${why.relation}`, lang: 'en' }, label), ' ', make('span', { class: 'cited' }, ...cited(other)), ' ',
    why.relation === 'exact' || why.relation === 'version' ? '' : make('b', { class: 'number', lang: 'en' }, why.score.toFixed(2))];
}

function reasons(one, other) {
  const { why } = one, box = make('div', { class: 'reasons' });
  const e = why.evidence;
  const words = {
    exact: () => 'The same words in the same order, once letters are folded and furniture is cut.',
    copy: () => `${percent(why.score)} of all their shingles (${about.shingle} in a row) are in both.`,
    contained: () => `${percent(why.score)} of the shorter text's shingles (${about.shingle} in a row) are in the longer one, and ${percent(e.opening ?? 0)} of the longer one's opening is in the shorter.`,
    version: () => 'Both stood at one URL: the later is the article as it was changed.',
    story: () => `${percent(why.score)} likely that both report one event; ${percent(about.threshold)} on average are enough.`,
  };
  box.append(make('p', {}, en(words[why.relation]())));
  if (why.relation === 'story') box.append(weighed(e));
  else if (Object.keys(e).length) box.append(table(['evidence', 'value'], Object.entries(e).map(([name, x]) => [meaning(name), value(x)])));
  box.append(beside(one, other));
  return box;
}

const value = (x) => make('span', { class: 'number', lang: 'en' }, decimal(x));
const meaning = (name) => [make('code', { lang: 'en' }, name), ' ', make('span', { class: 'soft', lang: 'en' }, about.evidence[name] ?? '')];

function table(heads, rows) {
  return make('table', { class: 'evidence' },
    make('thead', {}, make('tr', {}, heads.map((head) => make('th', { scope: 'col' }, en(head))))),
    make('tbody', {}, rows.map(([head, ...cells]) => make('tr', {}, make('th', { scope: 'row' }, head), cells.map((cell) => make('td', {}, cell))))));
}

/** What speaks for a link and what against it: weight times value, the strongest first. */
function weighed(evidence) {
  const rows = Object.entries(about.weights).map(([name, weight]) => {
    const x = evidence[name] ?? (name === 'apart' ? about.undated : 0);
    return { name, known: name in evidence, x, weight, share: weight * x };
  }).sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
  const most = Math.max(...rows.map((row) => Math.abs(row.share)), 1e-9);
  return make('div', {},
    table(['evidence', 'value', 'weight', 'speaks'], rows.map((row) => [meaning(row.name), row.known ? value(row.x) : en('not known'), value(row.weight),
      make('span', { class: `share ${Math.abs(row.share) < 0.005 ? 'soft' : row.share < 0 ? 'against' : 'for'}`, lang: 'en' },
        make('i', { style: `inline-size: ${(Math.abs(row.share) / most * 4).toFixed(2)}rem` }),
        Math.abs(row.share) < 0.005 ? '0' : `${row.share < 0 ? 'against ' : 'for +'}${decimal(row.share)}`)])),
    make('p', { class: 'small soft' }, en(`Value times weight. All together, and ${decimal(about.bias)} to start from, make the score through a logistic curve.`)));
}

/** Both texts side by side. Copies: what is their own stands out; reports of one event: what they share does. */
function beside(one, other) {
  const loud = one.why.relation === 'story' ? 'shared' : 'own';
  const sides = [[one, one.why.mine], [other, one.why.theirs]].map(([side, marks]) => make('section', {},
    make('h5', {}, side.outlet ? bdi(side.outlet) : en('outlet unknown'), ' ', en(side.date ? time(side.date) : 'no date')),
    make('div', { class: 'body', dir: 'auto' }, pieces(side.text, marks, loud).flat())));
  return make('div', { class: 'compare' },
    make('p', { class: 'legend small' },
      loud === 'own' ? make('mark', { class: 'own', lang: 'en' }, 'only in this text') : make('mark', { class: 'shared', lang: 'en' }, 'in both texts'),
      make('span', { class: 'cut', lang: 'en' }, 'furniture of the outlet, not compared')),
    make('div', { class: 'sides' }, sides));
}

function pieces(text, marks, loud) {
  let start = 0;
  return marks.map(([kind, length]) => {
    const part = text.slice(start, start += length);
    if (KINDS[kind] === 'cut') return make('span', { class: 'cut' }, part);
    if (KINDS[kind] !== loud) return part;
    const [, before, words, after] = /^([^\p{L}\p{N}]*)([^]*?)(\s*)$/u.exec(part); // a full stop before the words is of what went before
    return [before, words && make('mark', { class: loud }, words), after];
  });
}

// keys, theme, start

function move(step) {
  const buttons = [...document.querySelectorAll('#list .title')];
  const here = document.activeElement?.closest('.story');
  const at = here ? [...$('list').children].indexOf(here) : step > 0 ? -1 : 0;
  if (at + step >= buttons.length && !$('more').hidden) {
    more();
    move(step);
    return;
  }
  buttons[Math.max(0, Math.min(at + step, buttons.length - 1))]?.focus();
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const inSearch = event.target === $('search');
  if (event.key === 'Escape') {
    $('tools').reset();
    $('search').focus();
  } else if (inSearch && event.key === 'ArrowDown') {
    move(1);
  } else if (event.target.matches?.('input, select, textarea')) {
    return;
  } else if (event.key === '/') {
    $('search').focus();
  } else if (event.key === 'j' || event.key === 'ArrowDown') {
    move(1);
  } else if (event.key === 'k' || event.key === 'ArrowUp') {
    move(-1);
  } else {
    return;
  }
  event.preventDefault();
}

function theme() {
  const kept = { get: () => { try { return localStorage.getItem('theme'); } catch { return null; } },
    set: (name) => { try { localStorage.setItem('theme', name); } catch { /* a page from a file may keep nothing */ } } };
  const use = (name) => {
    if (name === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    $('theme').textContent = `Theme: ${name}`;
  };
  let now = THEMES.includes(kept.get()) ? kept.get() : 'system';
  use(now);
  $('theme').hidden = false;
  $('theme').addEventListener('click', () => {
    now = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
    use(now);
    kept.set(now);
  });
}

/** On paper nothing unfolds: what is folded above the list is opened while the page is printed. */
function unfoldedInPrint() {
  let opened = [];
  window.addEventListener('beforeprint', () => {
    for (const part of ['copying', 'quarantine', 'charts'].map($).filter((one) => !one.open)) {
      part.open = true;
      opened.push(part);
    }
  });
  window.addEventListener('afterprint', () => {
    for (const part of opened) part.open = false;
    opened = [];
  });
}

async function start() {
  theme();
  unfoldedInPrint();
  if (matchMedia('(max-width: 70rem)').matches) $('charts').open = false;
  const listed = await unpack('listed');
  ({ stories, outlets, unfolded } = listed);
  learn(listed.letters);
  $('outlet').append(...outlets.map((name, i) => make('option', { value: i }, name)));
  if (!stories.some((story) => story.size > 1)) $('least').querySelector('[value="1"]').defaultSelected = true;
  $('tools').hidden = false;
  $('tools').reset();
  $('tools').addEventListener('input', find);
  $('tools').addEventListener('submit', (event) => event.preventDefault());
  $('tools').addEventListener('reset', () => setTimeout(find));
  $('more').addEventListener('click', more);
  new IntersectionObserver(([entry]) => { if (entry.isIntersecting) more(); }, { rootMargin: '600px' }).observe($('more'));
  document.addEventListener('keydown', pressed);
  find();
}

start().catch((error) => {
  $('count').textContent = `The list could not be unpacked (${error}). A browser of 2023 or later can.`;
});
})();
