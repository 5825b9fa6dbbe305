// A story of the report, opened: who printed first and who copied whom, its independent reports, why each article is in.

const KINDS = ['own', 'shared', 'cut'];
const LINES = 40; // of a timeline, before the rest is asked for
const LEAD = 260; // letters of a report that are shown at once
const bdi = (text) => make('bdi', {}, text);
const number = (value, digits = '') => say(`number${digits && `.${digits}`}`, { value }, { class: 'number' });
const day = (stamp) => stamp.slice(0, 10);
const time = (stamp, key = 'date') => say(key, { when: stamp }, { datetime: stamp }, 'time');
const outlet = (one) => (one.outlet ? bdi(one.outlet) : say('story.no_outlet'));
const list = (names) => names.flatMap((name, i) => [i ? say('separator') : '', bdi(name)]);

/** A details element whose inside is made when it is first opened. */
function folded(name, summary, inside) {
  const details = make('details', { class: name }, make('summary', {}, summary));
  details.addEventListener('toggle', () => {
    if (details.open && details.children.length === 1) details.append(inside());
  });
  return details;
}

function told(story, articles, earlier, link) {
  const groups = [];
  articles.forEach((article) => (groups[article.copy] ??= []).push(article));
  const parts = [];
  if (earlier) {
    parts.push(make('p', { class: 'small' }, say('story.follows', {}, { class: 'soft' }), ' ',
      make('a', { href: link(earlier.id) }, bdi(earlier.title || earlier.id)), earlier.first === null ? '' : [' ', time(earlier.first, 'day')]));
  }
  parts.push(make('p', { class: 'small soft' }, make('a', { href: link(story.id), class: 'permanent' }, say('story.link')), ' ', make('bdi', { class: 'id' }, story.id)));
  if (story.size > 1) parts.push(course(articles, groups));
  if (groups.length > 1) parts.push(make('h4', { class: 'part' }, say('story.reports')));
  parts.push(make('ol', { class: `texts${groups.length > 1 ? ' several' : ''}` }, groups.map((group) => report(group, articles))));
  return parts;
}

/** An independent text of a story, with the copies of it. */
function report(group, articles) {
  const first = group.find((a) => a.why === null || a.why.relation === 'story') ?? group[0];
  const others = group.filter((a) => a !== first);
  const row = make('li', { class: 'text' }, article(first, articles, true));
  if (others.length) {
    const where = [...new Set(others.map((a) => a.outlet).filter(Boolean))];
    row.append(folded('copies', [say('n.copies', { n: others.length }), ' ', make('span', { class: 'soft' }, ...list(where))],
      () => make('ol', {}, others.map((a) => make('li', {}, article(a, articles, false))))));
  }
  return row;
}

// who printed first, who copied whom

/** The latest moment that a date can stand for: one of midnight to the second, in UTC, may be the end of its day. */
const latest = (stamp) => Date.parse(stamp) + (stamp.endsWith('T00:00:00Z') ? 86_399_000 : 0);

/** What an article did within its group of copies: the key of a message, and its values. */
function did(one, group, opened) {
  if (group.length === 1) return [one === opened ? 'did.opened' : 'did.alone'];
  if (group.some((a) => !a.date || !a.outlet)) return ['did.unknown'];
  const end = Math.min(...group.map((a) => latest(a.date)));
  const early = [...new Set(group.filter((a) => Date.parse(a.date) <= end).map((a) => a.outlet))];
  if (early.length > 1) return early.includes(one.outlet) ? ['did.tied'] : ['did.copied', { whom: early }];
  if (one === group.find((a) => a.outlet === early[0])) return [one === opened ? 'did.opened' : 'did.first'];
  return one.outlet === early[0] ? ['did.same'] : ['did.copied', { whom: early[0] }];
}

function since(minutes) {
  if (minutes < 60) return ['line.after.minutes', { value: minutes }];
  return minutes < 48 * 60 ? ['line.after.hours', { value: Math.round(minutes / 60) }] : ['line.after.days', { value: Math.round(minutes / 1440) }];
}

/** The course of a story: dots on a line in the direction of the page, and a line an article. */
function course(articles, groups) {
  const dated = articles.filter((a) => a.date);
  const start = dated.length ? Date.parse(dated[0].date) : 0;
  const opened = dated.length && dated.every((a) => a === dated[0] || Date.parse(a.date) > latest(dated[0].date)) ? dated[0] : null;
  const line = (one) => make('tr', {},
    make('td', {}, one.date ? time(one.date) : say('story.no_date'), ' ', one.date && Date.parse(one.date) > start
      ? say(...since(Math.floor((Date.parse(one.date) - start) / 60_000)), { class: 'soft' }) : ''),
    make('th', { scope: 'row' }, outlet(one)),
    make('td', {}, say(...did(one, groups[one.copy], opened)), groups.length > 1 ? [' ', say('line.text', { n: one.copy + 1 }, { class: 'soft' })] : ''));
  const body = make('tbody', {}, articles.slice(0, LINES).map(line));
  const more = articles.length > LINES && make('button', { type: 'button', class: 'plain small' }, say('line.more', { n: articles.length }));
  if (more) {
    more.addEventListener('click', () => {
      body.append(...articles.slice(LINES).map(line));
      more.remove();
    });
  }
  const heads = ['line.when', 'line.outlet', 'line.did'].map((key) => make('th', { scope: 'col' }, say(key)));
  return make('section', { class: 'course' }, make('h4', {}, say('story.timeline')), lanes(dated, groups.length) ?? '',
    make('table', { class: 'lines' }, make('thead', {}, make('tr', {}, heads)), body), more || '');
}

/** When each article came, a lane for each text. */
function lanes(dated, texts) {
  if (dated.length < 2) return null;
  const first = Date.parse(dated[0].date), span = Date.parse(dated.at(-1).date) - first;
  if (!span) return null;
  const height = Math.min(texts, 8);
  const kind = (a) => (a.representative ? 'dot lead' : a.why.relation === 'story' ? 'dot' : 'dot copy');
  const dots = dated.map((a) => make('span', { class: kind(a), title: a.outlet,
    style: `inset-inline-start: ${((Date.parse(a.date) - first) / span * 100).toFixed(2)}%; inset-block-start: ${(a.copy % height) + 0.5}rem` }));
  return make('figure', { class: 'timeline' },
    make('figcaption', { class: 'small soft' }, ['lead', 'other', 'copy'].flatMap((name) => [make('span', { class: `dot ${name}` }), ' ', say(`lane.${name}`), ' '])),
    make('div', { class: 'lanes', 'aria-hidden': 'true', style: `block-size: ${height + 1}rem` }, make('div', {}, dots)),
    make('p', { class: 'ends small soft' }, time(dated[0].date), time(dated.at(-1).date)));
}

// an article

function article(one, articles, leads) {
  const link = /^https?:\/\//i.test(one.url) ? make('a', { href: one.url, rel: 'noopener noreferrer', target: '_blank' }, say('article.original')) : null;
  const other = one.why && articles[one.why.to];
  const text = one.text.trim();
  return make('article', {},
    make('h4', {}, bdi(one.title || text.slice(0, 80) || one.id)),
    make('p', { class: 'meta small soft' }, outlet(one), one.date ? time(one.date) : say('story.no_date'), make('bdi', { class: 'id', title: one.id }, one.id), link),
    leads && text ? make('p', { class: 'opening', dir: direction(text) }, text.length > LEAD ? `${text.slice(0, LEAD).replace(/\s+\S*$/u, '')} …` : text) : '',
    leads || !other ? '' : differs(one, other),
    make('div', { class: 'folds' },
      one.why ? folded('why', sentence(one, other), () => reasons(one, other)) : say('article.representative', {}, { class: 'badge' }, 'p'),
      folded('read', say('article.text'), () => make('div', { class: 'body', dir: direction(one.text) }, one.text || '—'))));
}

/** What stands in one of two copies only, in short. */
function differs(one, other) {
  const parts = [['differs.here', one.text, one.why.mine], ['differs.there', other.text, one.why.theirs]].map(([key, text, marks]) => {
    let start = 0;
    const own = marks.map(([kind, length]) => [kind, text.slice(start, start += length)])
      .filter(([kind, part]) => KINDS[kind] === 'own' && /[\p{L}\p{N}]/u.test(part)).map(([, part]) => part.replace(/^[^\p{L}\p{N}]+|\s+$/gu, ''));
    if (!own.length) return '';
    const short = own.slice(0, 3).map((part) => (part.length > 70 ? `${part.slice(0, 70)}…` : part)).join(' … ');
    return make('span', {}, say(key), ' ', make('bdi', { class: 'own' }, own.length > 3 ? `${short} …` : short), ' ');
  });
  return parts.some((part) => part) ? make('p', { class: 'differs small' }, parts) : '';
}

// why it is in

const compared = (marks) => marks.reduce((sum, [kind, length]) => sum + (KINDS[kind] === 'cut' ? 0 : length), 0);
const cited = (other) => [other.outlet ? bdi(other.outlet) : '', other.outlet ? ': ' : '', bdi(other.title || other.id)];

function sentence(one, other) {
  const { relation, score, mine, theirs } = one.why;
  const name = relation === 'contained' && compared(mine) > compared(theirs) ? 'longer' : relation;
  return [say(`relation.${name}`, {}, { class: `relation ${relation}` }), ' ', make('span', { class: 'cited' }, ...cited(other)), ' ',
    relation === 'exact' || relation === 'version' ? '' : make('b', {}, number(score, '2'))];
}

function reasons(one, other) {
  const { relation, score, evidence } = one.why, box = make('div', { class: 'reasons' });
  box.append(say(`why.${relation}`, { share: score, opening: evidence.opening ?? 0, threshold: about.threshold, size: about.size, unit: message(about.unit) }, {}, 'p'));
  if (relation === 'story') box.append(weighed(evidence));
  else if (Object.keys(evidence).length) {
    box.append(table(['evidence.name', 'evidence.value'], Object.entries(evidence).map(([name, x]) => [meaning(name, 'measure'), number(x, '2')])));
  }
  box.append(beside(one, other));
  return box;
}

const meaning = (name, kind) => [make('code', {}, name), ' ', say(`${kind}.${name}`, {}, { class: 'soft' })];

function table(heads, rows) {
  return make('table', { class: 'evidence' },
    make('thead', {}, make('tr', {}, heads.map((key) => make('th', { scope: 'col' }, say(key))))),
    make('tbody', {}, rows.map(([head, ...cells]) => make('tr', {}, make('th', { scope: 'row' }, head), cells.map((cell) => make('td', {}, cell))))));
}

/** What speaks for a link and what against it: weight times value, the strongest first. */
function weighed(evidence) {
  const rows = Object.entries(about.weights).map(([name, weight]) => {
    const x = evidence[name] ?? (name === 'apart' ? about.undated : 0);
    return { name, known: name in evidence, x, weight, share: weight * x };
  }).sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
  const most = Math.max(...rows.map((row) => Math.abs(row.share)), 1e-9);
  const speaks = ({ share }) => {
    const kind = Math.abs(share) < 0.005 ? 'nothing' : share < 0 ? 'against' : 'for';
    return make('span', { class: `share ${kind === 'nothing' ? 'soft' : kind}` },
      make('i', { style: `inline-size: ${(Math.abs(share) / most * 4).toFixed(2)}rem` }), say(`evidence.${kind}`, { value: share }));
  };
  const lines = rows.map((row) => [meaning(row.name, 'feature'), row.known ? number(row.x, '2') : say('evidence.unknown'), number(row.weight, '2'), speaks(row)]);
  return make('div', {}, table(['evidence.name', 'evidence.value', 'evidence.weight', 'evidence.speaks'], lines),
    say('evidence.sum', { bias: about.bias }, { class: 'small soft' }, 'p'));
}

/** Both texts side by side. Copies: what is their own stands out; reports of one event: what they share does. */
function beside(one, other) {
  const loud = one.why.relation === 'story' ? 'shared' : 'own';
  const sides = [[one, one.why.mine], [other, one.why.theirs]].map(([side, marks]) => make('section', {},
    make('h5', {}, outlet(side), ' ', side.date ? time(side.date) : say('story.no_date')),
    make('div', { class: 'body', dir: direction(side.text) }, pieces(side.text, marks, loud).flat())));
  return make('div', { class: 'compare' },
    make('p', { class: 'legend small' }, say(`compare.${loud}`, {}, { class: loud }, 'mark'), say('compare.cut', {}, { class: 'cut' })),
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
