"""One's own page: language, calendar, digits, time zone, mobile number, password (ACC-12 to ACC-14)."""

import functools
from types import SimpleNamespace

from flask import flash, g, redirect, request, session, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.security import check_password_hash
from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import EqualTo, Length, Optional

from app import security
from app.core.errors import BusinessError
from app.core.needed import Needed
from app.core.scope import lifted
from app.extensions import db
from app.reading import reader
from app.rules import people
from models.people import Person
from views.cells import show
from views.fields import DateText, HouseForm, options
from views.labels import label
from views.people import CALENDARS, DIGITS, languages, zones
from views.roles import NEEDED

SHOWN = ("username", "first_name", "last_name", "email", "branch")


class ProfileForm(HouseForm):
    """How figures, dates and texts look to him."""

    locale = SelectField(_l("Language"), choices=languages)
    calendar = SelectField(_l("Calendar"), choices=options(CALENDARS))
    digits = SelectField(_l("Digits"), choices=options(DIGITS))
    timezone = SelectField(_l("Time zone"), choices=zones, render_kw={"class": "my_select2"})
    mobile = StringField(_l("Mobile number"), [Length(max=40)])
    away_until = DateText(label("away_until"), [Optional()],
                          description=_l("Until then no orders are assigned to you."))  # fmt: skip


class TwicePassword(HouseForm):
    """A new password, typed twice."""

    password = PasswordField(_l("New password"), [Needed(NEEDED)], render_kw={"autocomplete": "new-password"},
                             description=_l("At least 8 characters."))  # fmt: skip
    again = PasswordField(
        _l("New password again"), [EqualTo("password", _l("The two passwords are not the same."))],
        render_kw={"autocomplete": "new-password"},
    )  # fmt: skip


class OwnPassword(TwicePassword):
    """Who changes his password proves that he knows the old one."""

    old = PasswordField(_l("Current password"), [Needed(NEEDED)], render_kw={"autocomplete": "current-password"})


def signed_in(call):
    """Open a page to everybody who has signed in, whatever his roles."""

    @functools.wraps(call)
    def guarded(self, *args, **kwargs):
        if g.access.user_id is None:
            flash(_("Sign in first."), "warning")
            return redirect(url_for("AuthDBView.login", next=request.path))
        return call(self, *args, **kwargs)

    return guarded


class ProfileView(BaseView):
    """A signed-in person's own page."""

    route_base = "/profile"
    default_view = "userinfo"

    @expose("/", methods=["GET", "POST"])
    @signed_in
    def userinfo(self):
        """His data; what he may change is a form, the rest is shown."""
        person = db.session.get(Person, g.access.user_id)
        editable = (
            people.editable_fields(person, g.work) if person is not None and g.work.actor.kind != "nobody" else ()
        )
        form = ProfileForm(request.form if request.method == "POST" else None, obj=person)
        for name in set(form._fields) - set(editable):
            del form[name]
        if request.method == "POST" and form.validate() and self._save(person, form):
            return redirect(url_for("ProfileView.userinfo"))
        house = SimpleNamespace(
            facts=[{"title": None, "items": _facts(person, form)}], crumbs=None, cancel_url=url_for("HomeView.index"),
            password_url=url_for("ProfileView.password"), form=form if editable else None,
        )  # fmt: skip
        status = 422 if form.errors else 200
        return self.render_template("access/profile.html", title=_("Profile"), house=house, form=form), status

    def _save(self, person, form):
        try:
            with g.work.doing("person.profile"), lifted(g.work, "his own row, whose history the house keeps"):
                form.populate_obj(person)
                db.session.commit()
        except BusinessError as error:
            db.session.rollback()
            form.form_errors.append(str(error.message))
            return False
        if "locale" in form:
            session.pop("locale", None)  # what he has just chosen counts, not an earlier switch
        flash(_("Saved."), "success")
        return True

    @expose("/password", methods=["GET", "POST"])
    @signed_in
    def password(self):
        """His password; other sessions of his end with it."""
        form = OwnPassword(request.form if request.method == "POST" else None)
        if request.method == "POST" and form.validate() and _change(form):
            flash(_("Your password has been changed. You are signed out everywhere else."), "success")
            return redirect(url_for("ProfileView.userinfo"))
        house = {
            "lead": _("A new password signs you out everywhere else, and API keys made before stop working."),
            "cancel_url": url_for("ProfileView.userinfo"),
            "crumbs": [(_("Profile"), url_for("ProfileView.userinfo"))],
        }
        status = 422 if form.errors else 200
        return self.render_template("house/form.html", title=_("Change password"), form=form, house=house), status


def _change(form):
    user_id = g.access.user_id
    tried = security.attempt(db.session, ("own", str(user_id), 10))  # a stolen session is no place to guess at leisure
    person = db.session.get(Person, user_id)
    user = person.user if person is not None else None
    if user is None or not check_password_hash(user.password, form.old.data):
        form.old.errors = [_("This is not your current password.")]
        return False
    try:
        with lifted(g.work, "his own account"):
            people.choose_password(person, form.password.data, g.work)
            security.succeeded(db.session, tried)
            db.session.commit()
    except BusinessError as error:
        db.session.rollback()
        form.password.errors = [str(error.message)]
        return False
    session["stamp"] = security.stamp(user)
    return True


def _facts(person, form):
    names = SHOWN + tuple(name for name in people.PROFILE_FIELDS if name not in form)
    if person is None:
        return [(label("username"), g.user.username, "text")]
    values = [(label(name), show(person, name, reader()), "text") for name in names]
    return [(title, value, kind) for title, value, kind in values if value not in (None, "")]


def register(appbuilder):
    appbuilder.sm.user_view = appbuilder.add_view_no_menu(ProfileView)
