/* Conveniences of the screens; every one works without this file. */
( function () {
	'use strict';

	// Only the chosen mode's fields.
	var radios = document.querySelectorAll( '#telemed-comparison input[type="radio"]' );
	function showChosen() {
		var chosen = document.querySelector( '#telemed-comparison input[type="radio"]:checked' );
		document.querySelectorAll( '[data-telemed-mode]' ).forEach( function ( fields ) {
			fields.hidden = ! chosen || fields.dataset.telemedMode !== chosen.value;
		} );
	}
	radios.forEach( function ( radio ) {
		radio.addEventListener( 'change', showChosen );
	} );
	if ( radios.length ) {
		showChosen();
	}

	// What was entered in the settings and is neither saved nor checked does not go without a question.
	var settings = document.getElementById( 'telemed-settings-form' );
	if ( settings ) {
		var isDirty = false;
		settings.addEventListener( 'input', function () {
			isDirty = true;
		} );
		settings.addEventListener( 'submit', function () {
			isDirty = false;
		} );
		window.addEventListener( 'beforeunload', function ( event ) {
			if ( isDirty ) {
				event.preventDefault();
			}
		} );
	}

	// Copy buttons. A page without https has no clipboard interface, hence the older way.
	document.querySelectorAll( '[data-telemed-copy]' ).forEach( function ( button ) {
		button.hidden = false;
		button.addEventListener( 'click', function () {
			var source = document.getElementById( button.dataset.telemedCopy );
			source.select();
			if ( navigator.clipboard ) {
				navigator.clipboard.writeText( source.value );
			} else {
				document.execCommand( 'copy' );
			}
			var label = button.textContent;
			button.textContent = window.telemedAdmin.copied;
			setTimeout( function () {
				button.textContent = label;
			}, 1500 );
		} );
	} );

	// Questions before what cannot be undone.
	document.querySelectorAll( '[data-telemed-confirm]' ).forEach( function ( form ) {
		form.addEventListener( 'submit', function ( event ) {
			if ( ! window.confirm( form.dataset.telemedConfirm ) ) {
				event.preventDefault();
			}
		} );
	} );
}() );
