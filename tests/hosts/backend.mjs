// What your own server does: it knows who is signed in, holds the vendor key, and hands the page a
// session of a few minutes. The key itself never leaves it.
export async function mySession(request, { api, vendorKey, origin, guardianOf }) {
  const guardian = guardianOf(request);
  if (!guardian) return Response.json({ error: 'sign in first' }, { status: 401 });
  const minted = await fetch(`${api}/sessions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${vendorKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ guardian, origin }),
  });
  return new Response(minted.body, {
    status: minted.status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  });
}
