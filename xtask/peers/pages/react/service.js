// The service's contract, as far as the list needs it. The session comes behind the #, as in our own page.
const { client_secret: secret } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
history.replaceState(null, '', location.pathname);

async function get(path, parameters = {}) {
  const set = Object.entries(parameters).filter(([, value]) => value);
  const response = await fetch(`/v1/${path}?${new URLSearchParams(set)}`, {
    headers: { Authorization: `Bearer ${secret}` },
  });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

export const children = () => get('children');
export const page = (child, q, cursor) => get(`children/${child}/recordings`, { q, cursor });
export const count = (child, q) => get(`children/${child}/recordings/count`, { q });
export const recording = (id) => get(`recordings/${id}`);
