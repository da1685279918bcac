import 'forget-me-not';
import type {} from 'forget-me-not/react';

// Outside of the component: one function, one parent.
const fetchSession = async () => (await fetch('/my-session')).json();

type Props = { api: string; onEvent: (event: CustomEvent) => void };

export function Family({ api, onEvent }: Props) {
  return (
    <forget-me-not
      src={api}
      locale="en"
      fetchSession={fetchSession}
      onfmn-ready={onEvent}
      onfmn-keep={onEvent}
      onfmn-erasure={onEvent}
      onfmn-error={onEvent}
    >
      <p>One moment.</p>
      <p slot="help">Questions? Call us.</p>
    </forget-me-not>
  );
}
