import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import * as service from './service.js';
import { Opened } from './opened.jsx';
import { clock, day, number, time } from './words.js';

export function App() {
  const { data: children, error } = useQuery({ queryKey: ['children'], queryFn: service.children });
  const child = children?.items[0].id;
  const [typed, setTyped] = useState('');
  const [opened, setOpened] = useState(null);
  const q = useRested(typed.trim(), 250);

  if (error) return <p role="alert">That did not work.</p>;
  if (!child) return <p>One moment…</p>;
  if (opened) return <Opened id={opened} close={() => setOpened(null)} />;
  return (
    <section className="page">
      <h2>{children.items[0].name}</h2>
      <label className="looking">
        Search what was said
        <input type="search" value={typed} onChange={(event) => setTyped(event.target.value)} />
      </label>
      <List child={child} q={q} open={setOpened} />
    </section>
  );
}

/** A value that has not changed for a while: each letter is not a request. */
function useRested(value, ms) {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return rested;
}

function List({ child, q, open }) {
  const { data, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['recordings', child, q],
    queryFn: ({ pageParam }) => service.page(child, q, pageParam),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
  const { data: count } = useQuery({
    queryKey: ['count', child, q],
    queryFn: () => service.count(child, q),
    placeholderData: keepPreviousData,
  });
  // Everything that matches, but for those; or only those.
  const [selection, setSelection] = useState({ all: false, ids: new Set() });
  const tick = useCallback((id) => {
    setSelection(({ all, ids }) => {
      const next = new Set(ids);
      if (!next.delete(id)) next.add(id);
      return { all, ids: next };
    });
  }, []);

  const entries = useMemo(() => withDays(data?.pages ?? []), [data]);
  const list = useRef(null);
  const [scrollMargin, setScrollMargin] = useState(0);
  useLayoutEffect(() => setScrollMargin(list.current.offsetTop), []);
  const virtualizer = useWindowVirtualizer({
    count: entries.length + (hasNextPage ? 1 : 0),
    estimateSize: (at) => (entries[at]?.heading ? 44 : 72),
    getItemKey: (at) => entries[at]?.key ?? 'more',
    overscan: 5,
    scrollMargin,
  });
  const shown = virtualizer.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= entries.length - 1 && hasNextPage && !isFetchingNextPage) fetchNextPage();
  }, [last, entries.length, hasNextPage, isFetchingNextPage, fetchNextPage]);

  const total = count?.total;
  const selected = selection.all ? total - selection.ids.size : selection.ids.size;
  const none = () => setSelection({ all: false, ids: new Set() });
  return (
    <>
      <div className="toolbar" role="group" aria-label="Selection">
        <p className="found" role="status">
          {selected > 0 ? `${number(selected)} recordings selected` : total !== undefined && `${number(total)} recordings`}
        </p>
        {!selection.all && total > 0 && (
          <button className="all" onClick={() => setSelection({ all: true, ids: new Set() })}>
            Select all {number(total)}
          </button>
        )}
        {selected > 0 && <button className="none" onClick={none}>Select none</button>}
        {selected > 0 && <button className="delete">Delete {number(selected)} recordings</button>}
      </div>
      <ul className="rows" ref={list} style={{ blockSize: virtualizer.getTotalSize() }}>
        {shown.map(({ key, index, start }) => (
          <li
            key={key}
            data-index={index}
            ref={virtualizer.measureElement}
            style={{ transform: `translateY(${start - scrollMargin}px)` }}
          >
            <Entry
              entry={entries[index]}
              ticked={entries[index]?.item && selection.all !== selection.ids.has(entries[index].item.id)}
              tick={tick}
              open={open}
            />
          </li>
        ))}
      </ul>
    </>
  );
}

/** The recordings in order, with a heading before the first of each day. */
function withDays(pages) {
  const entries = [];
  let before;
  for (const item of pages.flatMap((page) => page.items)) {
    const heading = day(item.captured_at);
    if (heading !== before) entries.push({ key: heading, heading });
    before = heading;
    entries.push({ key: item.id, item });
  }
  return entries;
}

const Entry = memo(function Entry({ entry, ticked, tick, open }) {
  if (!entry) return <p>One moment…</p>;
  if (entry.heading) return <h3>{entry.heading}</h3>;
  const { item } = entry;
  const at = time(item.captured_at);
  const words = item.excerpt ? `“${item.excerpt}”` : 'No transcript';
  return (
    <div className="row">
      <label className="tick">
        <input type="checkbox" aria-label={`Select ${at}: ${words}`} checked={ticked} onChange={() => tick(item.id)} />
      </label>
      <button className="open" onClick={() => open(item.id)}>
        <span className="time">{at}</span>
        <span className="title" lang={item.language} dir="auto">{words}</span>
        <span className="about">
          {item.kind === 'video' && <span>Video</span>}
          <span>{clock(item.duration_ms)}</span>
          {item.device && <span>{item.device.name}</span>}
          {item.classes.includes('location') && <span>Place known</span>}
          {item.kept_until && <span className="badge">Kept until {item.kept_until}</span>}
        </span>
      </button>
    </div>
  );
});
