// Nothing is deleted by whoever finds the phone: the parent signs in again first. The box is a modal
// one of the site's own, since it opens over the element's, outside of which nothing can be pressed.
const element = document.querySelector('forget-me-not');
const box = document.querySelector('#step-up');
let signedInAgain = false;

element.addEventListener('fmn-before-erasure', (event) => {
  if (signedInAgain) return;
  event.preventDefault();
  box.showModal();
});
box.addEventListener('close', () => { signedInAgain = box.returnValue === 'yes'; });
