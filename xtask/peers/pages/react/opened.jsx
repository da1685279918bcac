import { useQuery } from '@tanstack/react-query';
import * as service from './service.js';
import { clock, day, time } from './words.js';

export function Opened({ id, close }) {
  const { data, error } = useQuery({ queryKey: ['recording', id], queryFn: () => service.recording(id) });
  if (error) return <p role="alert">That did not work.</p>;
  return (
    <section className="page">
      <button className="back" onClick={close}>Back to the list</button>
      {data ? <Body recording={data} /> : <p>One moment…</p>}
    </section>
  );
}

function Body({ recording }) {
  const { captured_at: at, device, duration_ms: length, location, stores, end, transcript, waveform } = recording;
  return (
    <>
      <h2>Voice recording, {day(at)}, {time(at)}</h2>
      {waveform && <Waveform peaks={waveform} />}
      <button className="play">Play</button>
      <h3>What was said</h3>
      <blockquote lang={transcript?.language} dir="auto">{transcript?.text ?? 'No transcript'}</blockquote>
      <dl className="facts">
        <dt>Length</dt>
        <dd>{clock(length)}</dd>
        <dt>Device</dt>
        <dd>{device?.name ?? 'Not known'}</dd>
        <dt>Place</dt>
        <dd>{location ? `${location.latitude_udeg / 1e6}, ${location.longitude_udeg / 1e6}` : 'No place can be shown'}</dd>
        <dt>Copies</dt>
        <dd>{stores.join(', ')}</dd>
        <dt>Until</dt>
        <dd>{end.on}</dd>
      </dl>
      <button className="delete">Delete this recording</button>
    </>
  );
}

function Waveform({ peaks }) {
  const path = peaks.map((peak, at) => `M${at} ${32 - peak / 8}V${32 + peak / 8}`).join('');
  return (
    <svg className="waveform" viewBox={`0 0 ${peaks.length} 64`} preserveAspectRatio="none" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
