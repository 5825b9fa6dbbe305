// The report's list of stories: unpacks what the page holds, finds, sorts, links and exports; `story.js` shows an opened story.

const PAGE = 50, DAY = 86_400_000;
const FILTERS = ['search', 'sort', 'least', 'kind', 'outlet', 'from', 'to'];
const about = JSON.parse($('about').textContent);
const parsed = new Promise((done) => {
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', done);
  else done();
});
const blocks = new Map(); // number to promise; the latest few stay
let stories = [], outlets = [], letters = new Map(), unfolded = {};
let found = [], shown = 0, opened = '';

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

const last = (story) => story.last ?? '';
const ORDERS = {
  size: (a, b) => b.size - a.size || (last(a) < last(b) ? 1 : -1),
  growth: (a, b) => b.growth - a.growth || ORDERS.size(a, b),
  spread: (a, b) => b.outlets.length - a.outlets.length || ORDERS.size(a, b),
  texts: (a, b) => b.texts - a.texts || ORDERS.size(a, b),
  latest: (a, b) => (last(a) === last(b) ? b.size - a.size : last(a) < last(b) ? 1 : -1),
};

/** The offset of the clock that the page tells times by, as at the end of the feed. */
const offset = about.until?.slice(19) ?? 'Z';
const shift = Date.parse('1970-01-01T00:00:00Z') - Date.parse(`1970-01-01T00:00:00${offset}`);

/** The moment that growth is counted up to: the end of the day chosen, else that of the feed. */
const until = () => ($('to').value ? Date.parse(`${$('to').value}T00:00:00${offset}`) + DAY - 1 : about.until ? Date.parse(about.until) : 0);

/** How many articles of each story came in the day before a moment; a date is as exact as its hour. */
function grow(end) {
  for (const story of stories) {
    const start = story.first === null ? 0 : Date.parse(story.first);
    story.growth = story.hours.filter((hour) => start + hour * 3_600_000 <= end && start + hour * 3_600_000 > end - DAY).length;
  }
}

function find() {
  const words = fold($('search').value);
  const least = Number($('least').value), kind = $('kind').value;
  const outlet = $('outlet').value === '' ? -1 : Number($('outlet').value);
  const from = $('from').value, to = $('to').value;
  grow(until());
  found = stories.filter((story) => story.size >= least
    && (kind === '' || kind === 'growing' || story.size > 1) && (kind !== 'copied' || story.texts === 1) && (kind !== 'other' || story.texts > 1)
    && (kind !== 'growing' || story.growth > 0)
    && (outlet < 0 || story.outlets.includes(outlet))
    && (!from || (story.last && day(story.last) >= from)) && (!to || (story.first && day(story.first) <= to))
    && words.every((word) => story.key.includes(word)));
  found.sort(ORDERS[$('sort').value]);
  shown = 0;
  $('list').replaceChildren();
  const articles = found.reduce((sum, story) => sum + story.size, 0);
  if (found.length) tell($('count'), 'found', { stories: message('n.stories', { n: found.length }), articles: message('n.articles', { n: articles }) });
  else tell($('count'), 'found.none');
  for (const name of ['csv', 'json']) $(name).hidden = !found.length;
  more();
}

function more() {
  $('list').append(...found.slice(shown, shown + PAGE).map(card));
  shown = Math.min(shown + PAGE, found.length);
  $('more').hidden = shown === found.length;
  tell($('more'), 'found.more', { n: found.length - shown });
}

// a story in the list

function card(story) {
  const inside = make('div', { class: 'inside', id: `story-${story.block}-${story.place}`, hidden: true });
  const button = make('button', { type: 'button', class: 'title', 'aria-expanded': 'false', 'aria-controls': inside.id },
    bdi(story.title || story.id));
  button.addEventListener('click', async () => {
    const open = button.getAttribute('aria-expanded') === 'false';
    button.setAttribute('aria-expanded', String(open));
    inside.hidden = !open;
    if (open) opened = story.id;
    else if (opened === story.id) opened = '';
    keep();
    if (open && !inside.firstChild) {
      inside.setAttribute('aria-busy', 'true');
      const articles = await members(story);
      const earlier = story.follows && stories.find((other) => other.id === story.follows);
      inside.replaceChildren(...told(story, articles, earlier, address));
      inside.removeAttribute('aria-busy');
    }
  });
  const names = list(story.outlets.slice(0, 6).map((o) => outlets[o]));
  if (story.outlets.length > 6) names.push(' ', say('story.more_outlets', { n: story.outlets.length - 6 }));
  const span = story.first === null ? say('story.no_date') : day(story.first) === day(story.last)
    ? time(story.first, 'day') : say('days', { first: story.first, last: story.last });
  const counts = { articles: message('n.articles', { n: story.size }), texts: message('n.texts', { n: story.texts }), outlets: message('n.outlets', { n: story.outlets.length }) };
  const growth = story.growth && story.size > 1
    ? label(say('story.growth', { n: story.growth }, { class: 'growth' }), 'title', 'story.growth_title', { when: new Date(until() + shift).toISOString().slice(0, 19) }) : '';
  return make('li', { class: 'story card' },
    make('h3', {}, button),
    make('p', { class: 'meta' }, say('story.counts', counts, {}, 'b'), growth,
      make('span', { class: 'soft' }, span), make('span', { class: 'soft' }, ...names)),
    story.words.length ? make('p', { class: 'words small' }, say('story.words', {}, { class: 'visually-hidden' }), story.words.map((word) => make('bdi', { class: 'word' }, word))) : '',
    inside);
}

// permanent links: what is filtered and which story is open, behind the "#"

function address(id) {
  const kept = new URLSearchParams();
  if (id) kept.set('story', id);
  return `#${kept}`;
}

/** Write what is seen behind the "#", without a step in the history. */
function keep() {
  const kept = new URLSearchParams();
  for (const name of FILTERS) {
    const field = $(name), usual = [...field.options ?? []].find((option) => option.defaultSelected)?.value ?? field.options?.[0].value ?? '';
    if (field.value !== usual) kept.set(name, name === 'outlet' ? outlets[field.value] : field.value);
  }
  if (opened) kept.set('story', opened);
  history.replaceState(null, '', `${kept}` ? `#${kept}` : location.pathname + location.search);
}

/** Show what the part behind the "#" names. */
function follow() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const story = asked.get('story') && stories.find((one) => one.id === asked.get('story'));
  if (!story && !FILTERS.some((name) => asked.has(name))) return false;
  $('tools').reset();
  for (const name of FILTERS.filter((one) => asked.has(one))) {
    const value = asked.get(name);
    $(name).value = name === 'outlet' ? outlets.indexOf(value) : value;
    if ($(name).closest('.fold')) unfold(true);
    if ($(name).options && $(name).selectedIndex < 0) $(name).value = name === 'sort' ? 'size' : name === 'least' ? '2' : '';
  }
  if (story && story.size < Number($('least').value)) $('least').value = '1';
  find();
  if (story && !found.includes(story)) {
    $('tools').reset();
    if (story.size < 2) $('least').value = '1';
    find();
  }
  if (!story) return true;
  while (found.indexOf(story) >= shown) more();
  const button = $('list').children[found.indexOf(story)].querySelector('.title');
  button.click();
  button.focus();
  button.scrollIntoView({ block: 'start' });
  return true;
}

// export

function save(name, type, text) {
  const link = make('a', { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const COLUMNS = ['story', 'title', 'articles', 'texts', 'outlets', 'first', 'last', 'growth', 'words', 'follows'];
const row = (s) => ({ story: s.id, title: s.title, articles: s.size, texts: s.texts, outlets: s.outlets.map((o) => outlets[o]), first: s.first,
  last: s.last, growth: s.growth, words: s.words, follows: s.follows });

/** A cell of CSV. What a spreadsheet would take for a formula is made text. */
function cell(value) {
  let text = Array.isArray(value) ? value.join('; ') : String(value ?? '');
  if (typeof value !== 'number' && /^\s*[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\n\r;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function saveTable() {
  const lines = [COLUMNS, ...found.map((story) => COLUMNS.map((name) => row(story)[name]))].map((cells) => cells.map(cell).join(','));
  save('stories.csv', 'text/csv', `\ufeff${lines.join('\r\n')}\r\n`);
}

async function saveAll() {
  const all = [];
  for (const story of found) {
    const articles = await members(story);
    all.push({ ...row(story), members: articles.map((a) => ({ id: a.id, title: a.title, outlet: a.outlet, date: a.date, url: a.url, text: a.copy,
      representative: a.representative, linked_to: a.why && articles[a.why.to].id, relation: a.why && a.why.relation, score: a.why && a.why.score })) });
  }
  save('stories.json', 'application/json', `${JSON.stringify(all, null, 1)}\n`);
}

// keys, start

function again() {
  opened = '';
  find();
  keep();
}

/** On a narrow page filters beside search and order are folded, unless one of them is in use. */
function unfold(open) {
  $('tools').classList.toggle('unfolded', open);
  $('filters').setAttribute('aria-expanded', String(open));
}

function clear() {
  $('tools').reset();
  again();
}

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
    clear();
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

/** On paper nothing unfolds: what is folded above the list is opened while the page is printed. */
function unfoldedInPrint() {
  let open = [];
  window.addEventListener('beforeprint', () => {
    for (const part of ['copying', 'quarantine', 'charts'].map($).filter((one) => !one.open)) {
      part.open = true;
      open.push(part);
    }
  });
  window.addEventListener('afterprint', () => {
    for (const part of open) part.open = false;
    open = [];
  });
}

async function start() {
  unfoldedInPrint();
  if (matchMedia('(max-width: 70rem)').matches) $('charts').open = false;
  $('filters').addEventListener('click', () => unfold($('filters').getAttribute('aria-expanded') === 'false'));
  const listed = await unpack('listed');
  ({ stories, outlets, unfolded } = listed);
  learn(listed.letters);
  $('outlet').append(...outlets.map((name, i) => make('option', { value: i }, name)));
  if (!stories.some((story) => story.size > 1)) {
    for (const option of $('least').options) option.defaultSelected = option.value === '1';
  }
  $('tools').hidden = false;
  $('tools').reset();
  $('tools').addEventListener('input', again);
  $('tools').addEventListener('submit', (event) => event.preventDefault());
  if (!follow()) find();
  $('clear').addEventListener('click', clear);
  $('more').addEventListener('click', more);
  $('csv').addEventListener('click', saveTable);
  $('json').addEventListener('click', saveAll);
  new IntersectionObserver(([entry]) => { if (entry.isIntersecting) more(); }, { rootMargin: '600px' }).observe($('more'));
  document.addEventListener('keydown', pressed);
  window.addEventListener('hashchange', follow);
}

start().catch((error) => tell($('count'), 'found.broken', { error: String(error) }));
