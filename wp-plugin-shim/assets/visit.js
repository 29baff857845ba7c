// The visit's time in the visitor's own zone, where clocks show another time then than the clinic's.
(function () {
	const when = document.getElementById('telemed-when');
	const own = document.getElementById('telemed-your-time');
	if (!when || !own) {
		return;
	}
	const start = new Date(when.dateTime);
	if (-start.getTimezoneOffset() === Number(when.dataset.offset)) {
		return;
	}
	const text = new Intl.DateTimeFormat(document.documentElement.lang || undefined, {
		dateStyle: 'full',
		timeStyle: 'short',
	}).format(start);
	own.textContent = text + ' (' + Intl.DateTimeFormat().resolvedOptions().timeZone + ')';
	own.hidden = false;
})();
