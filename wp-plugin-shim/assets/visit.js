// The visit's time in the visitor's own zone, where that is another than the clinic's.
(function () {
	const when = document.getElementById('telemed-when');
	const own = document.getElementById('telemed-your-time');
	if (!when || !own) {
		return;
	}
	const text = new Intl.DateTimeFormat(document.documentElement.lang || undefined, {
		dateStyle: 'full',
		timeStyle: 'short',
	}).format(new Date(when.dateTime));
	own.textContent = text + ' (' + Intl.DateTimeFormat().resolvedOptions().timeZone + ')';
	own.hidden = false;
})();
